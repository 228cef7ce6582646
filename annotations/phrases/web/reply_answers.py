"""What a person says to a scored phrase: another threshold, and the answer to the one question about it."""

import datetime as dt
import uuid

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from annotations.base.service_errors import PhraseNotScored
from annotations.models import AnnotationSession, JudgementAnswer, Phrase, Stage
from annotations.pages.current_visit import client_uuid as uuid_of
from annotations.pages.current_visit import in_visit, uuid_in
from annotations.phrases import replies
from annotations.phrases.replies import Act
from annotations.phrases.threshold_handle import N_STEPS, threshold_at
from annotations.phrases.web import task_page as task

MAX_DIGITS = 15  # of the milliseconds since a reply was made: a clock that was set says anything
BEST = "best"  # in place of a position: back to the automatic threshold


@require_POST
@in_visit(Stage.TASKS, Stage.FINISHED)
def choose_threshold(
    request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID, client_uuid: uuid.UUID
) -> HttpResponse:
    """Store where the handle was put, then show the split there."""
    phrase = _own_phrase(session, public_id, client_uuid)
    position = request.POST.get("position", "")  # of several the last: the button, not the handle beside it
    threshold = None if position == BEST else _threshold(phrase, position)
    replies.choose_threshold(phrase, threshold, _act(request.POST))
    return task.answer(request, phrase.assignment, phrase.client_uuid)


@require_POST
@in_visit(Stage.TASKS, Stage.FINISHED)
def judge(
    request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID, client_uuid: uuid.UUID
) -> HttpResponse:
    """Store whether the most similar images have it in them, then show the advice."""
    phrase = _own_phrase(session, public_id, client_uuid)
    answer = request.POST.get("answer", "")
    if answer not in JudgementAnswer.values:
        raise BadRequest("answer must be one of the offered values")
    replies.judge(phrase, JudgementAnswer(answer), _act(request.POST))
    return task.answer(request, phrase.assignment, phrase.client_uuid)


def _own_phrase(session: AnnotationSession, public_id: uuid.UUID, client_uuid: uuid.UUID) -> Phrase:
    assignment = task.own_assignment(session, public_id)
    phrase = get_object_or_404(Phrase.objects.select_related("score"), assignment=assignment, client_uuid=client_uuid)
    if not hasattr(phrase, "score"):
        raise PhraseNotScored
    phrase.assignment = assignment
    return phrase


def _act(given: QueryDict) -> Act:
    """Which reply it is, and how long ago it was made: a form without a script is sent when it is made."""
    ago, follows = given.get("ago_ms", "0"), uuid_in(given, "follows")
    if not (ago.isascii() and ago.isdigit() and len(ago) <= MAX_DIGITS):
        raise BadRequest("ago_ms must be a number of milliseconds")
    if follows is None and given.get("follows"):
        raise BadRequest("follows must be a UUID")
    return Act(uuid_of(given), follows, dt.timedelta(milliseconds=int(ago)))


def _threshold(phrase: Phrase, position: str) -> float:
    if not (position.isascii() and position.isdigit() and len(position) < 9 and int(position) <= N_STEPS):
        raise BadRequest(f"position must be an integer from 0 to {N_STEPS}")
    return threshold_at(phrase.score.sign * phrase.score.similarity_array, int(position))
