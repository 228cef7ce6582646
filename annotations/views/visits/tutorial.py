"""The tutorial: an example that is done by hand."""

import uuid
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from annotations.models import AnnotationSession, Stage
from annotations.readings.visits.tutorial import grids, practice
from annotations.services.common.service_errors import PhraseRefused
from annotations.services.phrases import phrase_submission
from annotations.services.visits import sessions
from annotations.services.visits import tutorial as tutorials
from annotations.views.common.current_visit import SeeOther, client_uuid, go_on, in_visit, see, steps


@require_http_methods(["GET", "HEAD", "POST"])
@in_visit(Stage.TUTORIAL)
def tutorial(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Show the example as far as it was done; POST goes on once it is done."""
    if request.method == "POST":
        return go_on(sessions.finish_tutorial(session))
    return _page(request, session, picked_right="right" in request.GET)


@require_POST
@in_visit(Stage.TUTORIAL)
def look(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Take a picture (its number) as one that the AI got wrong."""
    picture = request.POST.get("picture", "")
    if not (picture.isascii() and picture.isdigit() and len(picture) < 4):
        raise BadRequest("picture must be a number")
    return see("tutorial") if tutorials.look(session, int(picture)) else SeeOther(f"{reverse('tutorial')}?right")


@require_POST
@in_visit(Stage.TUTORIAL)
def practise(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Score a phrase of the example; a refusal is shown beside the field, with what was typed still in it."""
    text = request.POST.get("text", "")
    phrase_submission.check_rate_limit(session)
    try:
        tutorials.try_phrase(session, client_uuid=client_uuid(request.POST), text=text)
    except PhraseRefused as error:
        return _page(request, session, error=error.message, typed=text, status=error.status)
    return SeeOther(f"{reverse('tutorial')}#example")


def _page(request: HttpRequest, session: AnnotationSession, *, status: int = 200, **context: Any) -> HttpResponse:
    shown = {"session": session, "practice": practice(session), "grids": grids(), "client_uuid": uuid.uuid4()}
    return render(request, "annotations/tutorial.html", {**shown, **context, **steps(2)}, status=status)
