"""The comprehension check, and the end for those who did not pass it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from annotations.models import AnnotationSession, Stage
from annotations.readings.visits import comprehension as readings
from annotations.services.common.service_errors import CheckIncomplete, CheckUnchanged
from annotations.services.visits import comprehension
from annotations.views.common.current_visit import client_uuid, go_on, in_visit, steps
from annotations.views.prolific.completion_links import return_url


@require_http_methods(["GET", "HEAD", "POST"])
@in_visit(Stage.CHECK)
def check(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Ask the questions; POST is one try, and the page after it shows what became of it."""
    context = {"session": session, **steps(2)}
    if request.method == "POST":
        answers = readings.chosen(session, request.POST)
        try:
            comprehension.answer(session, client_uuid=client_uuid(request.POST), answers=answers)
        except (CheckIncomplete, CheckUnchanged) as error:
            check = readings.check(session, given=answers)
            return render(
                request,
                "annotations/check.html",
                {"check": check, "error": error.message, **context},
                status=error.status,
            )
        return go_on(session)
    return render(request, "annotations/check.html", {"check": readings.check(session), **context})


@require_safe
@in_visit(Stage.NOT_PASSED)
def not_passed(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """End after the second try, with the study's own code for this outcome where it has one."""
    url = return_url(session.study, session.study.failed_check_code)
    return render(request, "annotations/not_passed.html", {"session": session, "return_url": url})
