"""What a person says to a scored phrase: another threshold, and the answer to the one question about it."""

import uuid

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from annotations.models import AnnotationSession, Assignment, JudgementAnswer, Phrase, Stage
from annotations.readings.handle import N_STEPS, threshold_at
from annotations.services import replies
from annotations.services.errors import PhraseNotScored
from annotations.views.task import FRAGMENT_HEADER, answer_fragment, own_assignment, see_phrase
from annotations.views.visits import in_visit

BEST = "best"  # in place of a position: back to the automatic threshold


@require_POST
@in_visit(Stage.TASKS, Stage.FINISHED)
def choose_threshold(
    request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID, client_uuid: uuid.UUID
) -> HttpResponse:
    """Store where the handle was put, then show the split there."""
    assignment = own_assignment(session, public_id)
    phrase = _own_phrase(assignment, client_uuid)
    position = request.POST.get("position", "")  # of several the last: the button, not the handle beside it
    replies.choose_threshold(phrase, None if position == BEST else _threshold(phrase, position))
    return _answer(request, assignment, phrase)


@require_POST
@in_visit(Stage.TASKS, Stage.FINISHED)
def judge(
    request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID, client_uuid: uuid.UUID
) -> HttpResponse:
    """Store whether the most similar images have it in them, then show the advice."""
    assignment = own_assignment(session, public_id)
    phrase = _own_phrase(assignment, client_uuid)
    answer = request.POST.get("answer", "")
    if answer not in JudgementAnswer.values:
        raise BadRequest("the answer is none of those offered")
    replies.judge(phrase, JudgementAnswer(answer))
    return _answer(request, assignment, phrase)


def _own_phrase(assignment: Assignment, client_uuid: uuid.UUID) -> Phrase:
    phrase = get_object_or_404(Phrase.objects.select_related("score"), assignment=assignment, client_uuid=client_uuid)
    if not hasattr(phrase, "score"):
        raise PhraseNotScored
    phrase.assignment = assignment
    return phrase


def _threshold(phrase: Phrase, position: str) -> float:
    if not (position.isascii() and position.isdigit() and len(position) < 9 and int(position) <= N_STEPS):
        raise BadRequest(f"the position is not a whole number from 0 to {N_STEPS}")
    return threshold_at(phrase.score.similarity_array, int(position), phrase.score.sign)


def _answer(request: HttpRequest, assignment: Assignment, phrase: Phrase) -> HttpResponse:
    if FRAGMENT_HEADER in request.headers:
        return answer_fragment(request, assignment, phrase.client_uuid, timezone.now())
    return see_phrase(request, assignment, phrase.client_uuid)
