"""The page of one task: images, the sentence, the answer, the history, the clock."""

import datetime as dt
import math
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.base.service_errors import ServiceError
from annotations.log import events, visit_budgets
from annotations.log.visit_budgets import Budget
from annotations.models import (
    AnnotationSession,
    Assignment,
    AssignmentState,
    EndReason,
    Phrase,
    PhraseState,
    Stage,
    event_kinds,
)
from annotations.models.end_questions import MAX_ANSWER_LENGTH
from annotations.pages.current_visit import AT_WORK, SeeOther, go_on, in_visit, steps, uuid_in
from annotations.pages.current_visit import client_uuid as uuid_of
from annotations.pages.error_pages import with_headers_of
from annotations.phrases import assignments, phrase_submission, task_screen
from annotations.phrases.expert_classes import class_place
from annotations.phrases.screen_records import screen
from annotations.phrases.task_screen import Draws
from clarify_errors.arrays.common.safe_text import BadJson, UnsafeText, read_json
from clarify_errors.arrays.phrases.writing_traces import COUNTED

_FRAGMENT_HEADER = "Clarify-Fragment"  # a script asks for what changes, and not for the whole page
_PARTS_HEADER = "Clarify-Parts"  # tells a script that the answer has parts of the task page
_NOT_SHOWN = [f"task__base_model__{name}" for name in ("validation_accuracies", "test_metrics", "training")]
_MAX_DRAWS = 10_000
_MAX_TRACE = 10**9  # of any count: what a page says is bounded, and otherwise believed


@dataclass(frozen=True)
class _Refused:
    """Words that were not taken, and why."""

    error: ServiceError
    typed: str


@require_safe
@in_visit(Stage.TASKS)
def task(request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID) -> HttpResponse:
    """Show an assignment as it stands: before its start, running, or over. An ended one sends on."""
    assignment = own_assignment(session, public_id)
    if assignment.state == AssignmentState.ENDED:
        return go_on(session)
    if assignment.state == AssignmentState.WAITING:
        return _start_page(request, assignment)
    said = task_screen.phrases_of(assignment)
    if assignments.is_over(assignment, timezone.now(), phrases=said):
        context = {"assignment": assignment, "session": session, **steps(3)}
        return render(request, "annotations/task_time_over.html", context)
    return _task_page(request, assignment, request.GET, said)


@require_POST
@in_visit(Stage.TASKS)
def begin(request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID) -> HttpResponse:
    """Start the clock."""
    assignments.start(own_assignment(session, public_id))
    return SeeOther(reverse("task", args=[public_id]))


@require_POST
@in_visit(Stage.TASKS)
def show_keywords(request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID) -> HttpResponse:
    """Show a machine's keywords to somebody who asks for them, on the page as it stood."""
    assignment = own_assignment(session, public_id)
    assignments.show_keywords(assignment)
    shown = {"phrase": request.POST["phrase"]} if uuid_in(request.POST, "phrase") else {}
    query = urlencode({**shown, **vars(_draws(request.POST))})
    return SeeOther(f"{reverse('task', args=[public_id])}?{query}#keywords")


@require_POST
@in_visit(Stage.TASKS, Stage.FINISHED, columns=AT_WORK)
def submit_phrase(request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID) -> HttpResponse:
    """Store a phrase, then show it; a refusal is shown beside the field, with what was typed still in it."""
    assignment = own_assignment(session, public_id)
    text = request.POST.get("text", "")
    try:
        phrase_submission.check_rate_limit(session)
        said, writing = uuid_of(request.POST), _traces(request.POST.get("writing", ""))
        how: dict[str, Any] = {"writing": writing, "is_checked": "unchecked" not in request.POST}
        how["as_typed"] = request.POST.get("as_typed", "")
        stored, _created = phrase_submission.submit(assignment, client_uuid=said, text=text, once=True, **how)
    except ServiceError as error:
        if not _is_running(assignment, timezone.now()):
            raise
        return _refusal(request, assignment, error, text)
    return answer(request, assignment, stored.client_uuid, is_repeated=stored.client_uuid != said)


@require_safe
@in_visit(Stage.TASKS, Stage.FINISHED, columns=AT_WORK)
def phrase(
    request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID, client_uuid: uuid.UUID
) -> HttpResponse:
    """Answer with what changes on the page when this phrase's state does; with 204 while it waits, and not for long."""
    own = Phrase.objects.filter(assignment__public_id=public_id, assignment__session=session, client_uuid=client_uuid)
    asked = get_object_or_404(own.only("state", "submitted_at"))
    if asked.state == PhraseState.PENDING and timezone.now() - asked.submitted_at <= task_screen.SLOW_AFTER:
        return HttpResponse(status=204)
    return _fragment(request, own_assignment(session, public_id), client_uuid)


@require_http_methods(["GET", "HEAD", "POST"])
@in_visit(Stage.TASKS, Stage.FINISHED)
def done(request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID) -> HttpResponse:
    """End the assignment: done in time, or over if the server's clock says so. Where time and tries are left, ask once.

    Not where more was said than the page knew of: it was kept without a network while the person went on elsewhere.
    """
    assignment = own_assignment(session, public_id)
    if request.POST.get("n_phrases") not in {None, str(assignment.phrases.count())}:
        return SeeOther(reverse("task", args=[public_id]))
    if request.method != "POST" and assignment.state == AssignmentState.ENDED:
        return go_on(session)
    if request.POST.get("sure") != "yes" and _is_running(assignment, timezone.now()):
        context = _work_context(assignment, None, Draws())
        if context["work"].asks_when_done:
            shown = {"assignment": assignment, "session": session, **steps(3)}
            return render(request, "annotations/task_done.html", {**context, **shown})
    if request.method != "POST":
        return SeeOther(reverse("task", args=[public_id]))
    assignments.end(assignment, EndReason.DONE)
    return go_on(session)


def own_assignment(session: AnnotationSession, public_id: uuid.UUID) -> Assignment:
    """Return an assignment of this visit; anybody else's is not found."""
    rows = Assignment.objects.select_related("task__base_model__dataset").defer(*_NOT_SHOWN)
    assignment = get_object_or_404(rows, public_id=public_id, session=session)
    assignment.session = session  # with its study loaded
    return assignment


def note_refused(request: HttpRequest, assignment: Assignment, error: ServiceError, typed: str) -> HttpResponse:
    """Show a running class again with the note that was not kept; raises the refusal anew where it does not run."""
    if not _is_running(assignment, timezone.now()):
        raise error
    return _task_page(request, assignment, QueryDict(), refused_note=_Refused(error, typed))


def _traces(told: str) -> dict[str, int] | None:
    """How the words came into the field, as a page that may count it tells; None for anything else, never a refusal."""
    try:
        given = read_json(told[:400])
    except (BadJson, UnsafeText):
        return None
    if not isinstance(given, dict) or given.keys() != set(COUNTED):
        return None
    return given if all(type(value) is int and 0 <= value <= _MAX_TRACE for value in given.values()) else None


def _is_running(assignment: Assignment, now: dt.datetime) -> bool:
    assignment.refresh_from_db(fields=["state", "deadline_at"])
    return assignment.state == AssignmentState.ACTIVE and not assignments.is_over(assignment, now)


def _start_page(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    """Show the task behind a card with its rules, out of reach: the pictures are loaded before the clock starts."""
    card = {
        "waits": True,
        "minutes": _minutes(assignment.task.time_limit_s),
        "time_was_over": task_screen.time_was_over_before(assignment),
        **steps(3),
    }
    return render(request, "annotations/task.html", {**_context(assignment, QueryDict()), **card})


def _task_page(
    request: HttpRequest,
    assignment: Assignment,
    given: QueryDict,
    said: list[Phrase] | None = None,
    refused: _Refused | None = None,
    refused_note: _Refused | None = None,
) -> HttpResponse:
    context = _context(assignment, given, said)
    context["is_repeated"] = "again" in given
    if refused:
        context |= {"error": refused.error, "typed": refused.typed or context["typed"]}
    if refused_note:
        context |= {"note": refused_note.typed, "note_error": refused_note.error}
    _log_screen(request, context)
    said_no = refused or refused_note
    page = render(request, "annotations/task.html", context, status=said_no.error.status if said_no else 200)
    return _marked(page)


def _context(assignment: Assignment, given: QueryDict, said: list[Phrase] | None = None) -> dict[str, Any]:
    draws, shown = _draws(given), uuid_in(given, "phrase")
    work = _work_context(assignment, shown, draws, said)
    restored = work["work"].answer.phrase.text if shown and work["work"].answer else ""
    return {
        **work,
        "assignment": assignment,
        "session": assignment.session,
        "n_tasks": assignment.session.assignments.count(),
        "place": class_place(assignment) if assignment.session.is_expert else None,
        "note": assignment.note,
        "max_length": MAX_ANSWER_LENGTH,
        "images": task_screen.images(assignment, owner=_owner(assignment), draws=draws),
        "other_right": _others(given, Draws(draws.right + 1, draws.wrong)),
        "other_wrong": _others(given, Draws(draws.right, draws.wrong + 1)),
        "client_uuid": uuid.uuid4(),
        # a suggestion's link, where no script fills it in, or the phrase that is shown
        "typed": given.get("text", "") or restored,
    }


def answer(
    request: HttpRequest, assignment: Assignment, shown: uuid.UUID, *, is_repeated: bool = False
) -> HttpResponse:
    """Answer what was sent about a phrase: with what changes, where a script asks for that.

    Otherwise with a redirect to the whole page, with this phrase's answer and the images that the form was beside.
    is_repeated: it was said before, and the page says so.
    """
    if _FRAGMENT_HEADER in request.headers:
        return _fragment(request, assignment, shown, is_repeated=is_repeated)
    repeated = {"again": 1} if is_repeated else {}
    query = urlencode({"phrase": shown, **vars(_draws(request.POST)), **repeated})
    return SeeOther(f"{reverse('task', args=[assignment.public_id])}?{query}")


def _fragment(
    request: HttpRequest, assignment: Assignment, shown: uuid.UUID, *, is_repeated: bool = False
) -> HttpResponse:
    """Answer with what changes on the page from one phrase to the next."""
    given = request.POST if request.method == "POST" else request.GET
    context = {**_work_context(assignment, shown, _draws(given)), "is_repeated": is_repeated}
    _log_screen(request, context)
    return _marked(render(request, "annotations/work_fragment.html", context))


def _marked(response: HttpResponse) -> HttpResponse:
    response[_PARTS_HEADER] = "task"
    return response


def _log_screen(request: HttpRequest, context: dict[str, Any]) -> None:
    """Note which images a page shows; a page that waits for a score shows no new ones. Raises BudgetSpent."""
    shown = screen(context["work"], context["draws"], context.get("images"))
    if request.method != "HEAD" and shown["rows"]:
        session = context["work"].assignment.session
        with visit_budgets.within(session, Budget.SCREENS) as is_kept:
            if is_kept:
                events.record(event_kinds.SCREEN_SHOWN, session, **shown)


def _refusal(request: HttpRequest, assignment: Assignment, error: ServiceError, typed: str) -> HttpResponse:
    if _FRAGMENT_HEADER in request.headers:
        page = render(request, "annotations/parts/phrase_error.html", {"error": error}, status=error.status)
        response = _marked(page)
    else:
        response = _task_page(request, assignment, request.POST, refused=_Refused(error, typed))
    return with_headers_of(error, response)


def _work_context(
    assignment: Assignment, shown: uuid.UUID | None, draws: Draws, said: list[Phrase] | None = None
) -> dict[str, Any]:
    now, said = timezone.now(), task_screen.phrases_of(assignment) if said is None else said
    is_begun = assignment.state != AssignmentState.WAITING
    deadline = assignments.effective_deadline(assignment, now, said) if is_begun else None
    work = task_screen.work(assignment, said, owner=_owner(assignment), shown=shown, deadline=deadline, now=now)
    minutes = _minutes(work.seconds_left)
    return {
        "work": work,
        "draws": draws,
        "minutes_left": None if minutes is None else _("%(n)d min") % {"n": minutes},
        "reply_uuid": uuid.uuid4(),
    }


def _minutes(seconds: float | None) -> int | None:
    return None if seconds is None else math.ceil(seconds / 60)


def _owner(assignment: Assignment) -> str:
    return f"session:{assignment.session_id}"


def _others(given: QueryDict, other: Draws) -> str:
    shown = uuid_in(given, "phrase")
    return "?" + urlencode({**({"phrase": shown} if shown else {}), **vars(other)})


def _draws(given: QueryDict) -> Draws:
    return Draws(_draw(given.get("right", "")), _draw(given.get("wrong", "")))


def _draw(text: str) -> int:
    return min(int(text), _MAX_DRAWS) if text.isascii() and text.isdigit() and len(text) < 9 else 0
