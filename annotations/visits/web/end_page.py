"""The end: finish, and only then the completion code."""

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from annotations.base.service_errors import TextTooLong
from annotations.models import AnnotationSession, EndReason, Stage
from annotations.models.end_questions import MAX_ANSWER_LENGTH, RATINGS, TRUST
from annotations.models.study_texts import OWN_LANGUAGE
from annotations.pages.current_visit import SeeOther, asked_in, in_visit, may_end, page_of, steps, withdrawal_path
from annotations.phrases.task_screen import found
from annotations.visits import sessions
from annotations.visits.web.return_page import effects_context, return_path


def return_url(session: AnnotationSession, code: str) -> str:
    """Return the study's completion address with a code in it; empty without a code, an address or who waits there."""
    address = session.study.completion_url
    if not code or not address or not session.leads_back:
        return ""
    return address.replace("{code}", quote(code, safe=""))


_SECONDS_TO_SEE_THE_CODE = 4


@require_http_methods(["GET", "HEAD", "POST"])
@in_visit(Stage.TASKS, Stage.FINISHED)
def end(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Show what the person found; POST completes the visit, and the page after it shows the code.

    An answer that is too long completes nothing: the page shows it again, with the sentence beside it.

    That page goes on to the study's completion address by a Refresh header: a redirect in answer to the form would be
    stopped by the form-action policy, and nobody would see the code.
    """
    refused, answers = None, {}
    if request.method == "POST":
        language = asked_in(request.POST)
        questions = session.configuration.end_questions(language)
        answers = {question.number: request.POST.get(f"question-{question.number}", "") for question in questions}
        try:
            sessions.finish(session, answers, language)
            sessions.rate_trust(session, request.POST, language)
            return SeeOther(f"{reverse('end')}?leaving=1")
        except TextTooLong as error:
            refused = error
    finished = session.stage == Stage.FINISHED
    if not finished and not may_end(session):
        return SeeOther(page_of(session))
    url = return_url(session, session.study.completion_code) if finished else ""
    too_long = refused.questions if refused else ()
    leaving = bool(url) and "leaving" in request.GET and not session.study.stays_at_end
    context = {
        "session": session,
        "finished": finished,
        "found": found(session),
        "is_cut_short": session.assignments.filter(end_reason=EndReason.STUDY_CLOSED).exists(),
        "questions": [
            {"asked": asked, "typed": answers.get(asked.number, ""), "is_too_long": asked.number in too_long}
            for asked in session.configuration.end_questions(get_language() or OWN_LANGUAGE)
        ],
        "error": refused,
        "max_length": MAX_ANSWER_LENGTH,
        "return_url": url,
        "leaving": leaving,
        "withdraw_url": request.build_absolute_uri(withdrawal_path(session)),
    }
    if finished:
        context |= effects_context(session) | {"your_visit_url": request.build_absolute_uri(return_path(session))}
        context |= {"trust": TRUST.items(), "ratings": RATINGS, "asks_trust": sessions.asks_trust(session)}
    if not session.is_expert:
        context |= steps(4)
    response = render(request, "annotations/end.html", context, status=refused.status if refused else 200)
    if leaving:
        response["Refresh"] = f"{_SECONDS_TO_SEE_THE_CODE}; url={url}"
    return response
