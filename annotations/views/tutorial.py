"""The tutorial."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from annotations.models import AnnotationSession, Stage
from annotations.readings import tutorial as readings
from annotations.services import sessions
from annotations.views.visits import go_on, in_visit, steps


@require_http_methods(["GET", "HEAD", "POST"])
@in_visit(Stage.TUTORIAL)
def tutorial(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Show the example; POST goes on to the tasks."""
    if request.method == "POST":
        return go_on(sessions.finish_tutorial(session))
    return render(
        request, "annotations/tutorial.html", {"session": session, "tutorial": readings.tutorial(), **steps(2)}
    )
