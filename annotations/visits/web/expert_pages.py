"""An expert's own pages: the classes to choose from, and the way into one of them."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from annotations.base.service_errors import TextTooLong
from annotations.models import AnnotationSession, EndReason, Stage, StudyState
from annotations.pages.current_visit import go_on, in_visit, may_end, see
from annotations.phrases import assignments
from annotations.phrases.expert_classes import class_lines, class_place
from annotations.phrases.web.task_page import note_refused, own_assignment
from annotations.visits import expert_visits as experts


@require_safe
@in_visit(Stage.TASKS)
def classes(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """List the study's classes: those begun, those done, and the others, which a search narrows."""
    if not session.is_expert:
        return go_on(session)
    lines = class_lines(session)
    search = request.GET.get("q", "").strip()
    context = {
        "session": session,
        "search": search,
        **{state: [line for line in lines if line.state == state] for state in ("running", "done", "skipped")},
        "others": [
            line for line in lines if line.state == "open" and search.casefold() in line.task.class_name.casefold()
        ],
        "n_classes": len(lines),
        "may_end": may_end(session),
        "is_closed": session.study.state == StudyState.CLOSED,
    }
    return render(request, "annotations/classes.html", context)


@require_POST
@in_visit(Stage.TASKS)
def pick(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Begin the class whose number was sent, or go on with it."""
    return _begun(session, request.POST.get("task", ""))


@require_POST
@in_visit(Stage.TASKS)
def move(request: HttpRequest, session: AnnotationSession, public_id: uuid.UUID) -> HttpResponse:
    """Keep the note on a class, then go where the button leads: to another class, past this one, or nowhere."""
    assignment = own_assignment(session, public_id)
    if not session.is_expert:
        return go_on(session)
    note = request.POST.get("note", "")
    try:
        assignments.note(assignment, note)
    except TextTooLong as error:
        return note_refused(request, assignment, error, note)
    if "skip" in request.POST:
        assignments.end(assignment, EndReason.SKIPPED)
        after = class_place(assignment).after
        return go_on(session) if after is None else _begun(session, str(after.position))
    if "task" in request.POST:
        return _begun(session, request.POST["task"])
    return see("task", assignment.public_id)


def _begun(session: AnnotationSession, number: str) -> HttpResponse:
    number = number if number.isascii() and number.isdecimal() and len(number) < 9 else "0"
    assignment = experts.pick(session, get_object_or_404(session.study.tasks, position=int(number)))
    return see("task", assignment.public_id)
