"""Consent: given, or not."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from annotations.models import AnnotationSession, Stage
from annotations.models.study_texts import OWN_LANGUAGE
from annotations.services.visits import sessions
from annotations.views.common.current_visit import asked_in, go_on, in_visit, steps
from annotations.views.prolific.completion_links import return_url
from annotations.views.visits.entry import time_and_pay


@require_http_methods(["GET", "HEAD", "POST"])
@in_visit(Stage.CONSENT)
def consent(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Show the study's text, time and pay; POST agree=yes or agree=no, with the language of the page that asked.

    A "no" is asked for once more, on a page that leads back: it is final, and easily pressed by mistake.
    """
    if request.method != "POST":
        sessions.refuse_without_place(session)
        text = session.configuration.consent_text(get_language() or OWN_LANGUAGE)
        context = {"session": session, "text": text, **time_and_pay(session.study), **steps(1)}
        return render(request, "annotations/consent.html", context)
    answers = {"yes": sessions.give_consent, "no": sessions.decline}
    answer = answers.get(request.POST.get("agree", ""))
    if answer is None:
        raise BadRequest("agree must be yes or no")
    if request.POST.get("agree") == "no" and request.POST.get("sure") != "yes":
        return render(request, "annotations/consent_no.html", {"session": session, **steps(1)})
    return go_on(answer(session, asked_in(request.POST)))


@require_safe
@in_visit(Stage.DECLINED)
def declined(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """End politely, with the study's own code for this outcome where it has one."""
    url = return_url(session.study, session.study.no_consent_code)
    return render(request, "annotations/declined.html", {"session": session, "return_url": url})
