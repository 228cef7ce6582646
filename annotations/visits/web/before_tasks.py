"""The pages before the tasks: consent, the tutorial's example, the comprehension check; and the ends of these."""

import uuid
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.base.service_errors import CheckIncomplete, CheckUnchanged, PhraseRefused
from annotations.models import AnnotationSession, Stage
from annotations.models.study_texts import OWN_LANGUAGE
from annotations.pages.current_visit import SeeOther, asked_in, client_uuid, go_on, in_visit, see, steps
from annotations.phrases import phrase_submission
from annotations.visits import check_answers as comprehension
from annotations.visits import check_questions as readings
from annotations.visits import sessions
from annotations.visits import tutorial_steps as tutorials
from annotations.visits.tutorial_example import grids, practice
from annotations.visits.web.end_page import return_url
from annotations.visits.web.entry_pages import time_and_pay


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
    return SeeOther(f"{reverse('tutorial')}#text")  # a browser gives a field that it is led to the focus


def _page(request: HttpRequest, session: AnnotationSession, *, status: int = 200, **context: Any) -> HttpResponse:
    shown = {"session": session, "practice": practice(session), "grids": grids(), "client_uuid": uuid.uuid4()}
    return render(request, "annotations/tutorial.html", {**shown, **context, **steps(2)}, status=status)


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
    url = return_url(session, session.study.no_consent_code)
    return render(request, "annotations/declined.html", {"session": session, "return_url": url})


@require_http_methods(["GET", "HEAD", "POST"])
@in_visit(Stage.CHECK)
def check(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Ask the questions; POST is one try, and the page after it shows what became of it."""
    context = {"session": session, **steps(2)}
    if request.method != "POST":
        return render(request, "annotations/check.html", {**context, "check": readings.check(session)})
    answers = readings.chosen(session, request.POST)
    try:
        comprehension.answer(session, client_uuid=client_uuid(request.POST), answers=answers)
    except (CheckIncomplete, CheckUnchanged) as error:
        context |= {"check": readings.check(session, given=answers), "error": error.message}
        return render(request, "annotations/check.html", context, status=error.status)
    return go_on(session)


@require_safe
@in_visit(Stage.NOT_PASSED)
def not_passed(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """End after the second try, with the study's own code for this outcome where it has one."""
    url = return_url(session, session.study.failed_check_code)
    return render(request, "annotations/not_passed.html", {"session": session, "return_url": url})
