"""The way in: the welcome page, which a GET does not consume, and the start of a visit."""

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotations.base.service_errors import (
    AlreadyDone,
    ResumeCodeNeeded,
    ServiceError,
    StudyFull,
    StudyNotFound,
    StudyNotOpen,
    TooManyResumeCodes,
    Withdrawn,
)
from annotations.models import AnnotationSession, Stage, Study
from annotations.pages import error_pages
from annotations.pages.client_address import client_network
from annotations.pages.current_visit import SESSION_KEY, go_on, in_visit, see, uuid_in, visiting
from annotations.studies.preflight.duration import longest_minutes
from annotations.visits import device_reports, invitations, preview_links, sessions
from annotations.visits.entry_verification import Browser
from annotations.visits.sessions import LinkKeys
from annotations.visits.tutorial_example import ANSWER, example, grids

RESUME_CODE = "resume_code"  # the form's field
VISITS_KEY = "annotation_sessions"  # where the cookie's session keeps the visits that the browser was let into
MAX_VISITS = 50


@never_cache
@require_safe
def welcome(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what awaits the person. Stores nothing: link scanners open links too."""
    try:
        study = _study(slug)
        if preview_links.PARAMETER in request.GET:
            return _uncounted(request, study)
        parameters, keys = _link(request, study)
    except ServiceError as error:
        return error_pages.refused(request, error)
    has_begun = AnnotationSession.objects.filter(study=study, submission_key=keys.submission).exists()
    try:
        sessions.refuse_new_participants(study, keys)
    except (StudyNotOpen, StudyFull) as error:
        return error_pages.shut_out(request, error, study, parameters if has_begun else ())
    except Withdrawn as error:
        return error_pages.refused(request, error)
    return _welcome_page(request, study, parameters, has_begun=has_begun)


@never_cache
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin the visit of the link, or go on with it, under a new session key."""
    before = visiting(request)
    try:
        page, has_script = uuid_in(request.POST, "device-client_uuid"), request.POST.get("device-script") == "yes"
        session = _enter(request, _study(slug), page)
        device_reports.store(session, has_script=has_script, client_uuid=page)
    except (ResumeCodeNeeded, TooManyResumeCodes) as error:
        return _resume_page(request, _study(slug), error)
    except AlreadyDone as error:
        return error_pages.refused(request, error, in_visit=before == error.completed)
    except ServiceError as error:
        return error_pages.refused(request, error)
    if session != before:  # else Start was pressed twice, and the second answer must not undo the first one's cookie
        request.session.cycle_key()
        request.session[VISITS_KEY] = [*dict.fromkeys([*_visits(request), session.pk])][-MAX_VISITS:]
        request.session[SESSION_KEY] = session.pk
    return see("visit")


@require_safe
@in_visit(*Stage)
def visit(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Go to the page on which the visit stands."""
    return go_on(session)


def _link(request: HttpRequest, study: Study) -> tuple[list[tuple[str, str]], LinkKeys]:
    """The parameters of the link, which its page sends on, and the keys that it has in the study."""
    if invitations.PARAMETER in request.GET:
        token = request.GET[invitations.PARAMETER]
        return [(invitations.PARAMETER, token)], invitations.keys_of(study, token)
    ids = sessions.outside_ids(study, **_given_ids(study, request.GET))
    parameters = [*zip(_parameter_names(study), ids, strict=True), *_given_token(request.GET)]
    return parameters, sessions.link_keys(study, participant=ids.participant, session=ids.session)


def _enter(request: HttpRequest, study: Study, page: uuid.UUID | None) -> AnnotationSession:
    if preview_links.PARAMETER in request.POST:
        return preview_links.enter(study, request.POST[preview_links.PARAMETER])
    browser = Browser(client_network(request), _visits(request), request.POST.get(RESUME_CODE, ""))
    if invitations.PARAMETER in request.POST:
        return invitations.enter(study, request.POST[invitations.PARAMETER], browser, page)
    return sessions.enter(study, **_given_ids(study, request.POST), token=_token(request.POST), browser=browser)


def _visits(request: HttpRequest) -> list[int]:
    """The visits that this browser was let into, the one that it is in last."""
    now = request.session.get(SESSION_KEY)
    return [*request.session.get(VISITS_KEY, []), *([] if now is None else [now])]


def _resume_page(request: HttpRequest, study: Study, error: ServiceError) -> HttpResponse:
    """Ask for the resume code; the form is the link once more, and reports the device as the first one did."""
    names = (*_parameter_names(study), settings.PROLIFIC_LINK_TOKEN_PARAMETER, invitations.PARAMETER, "device-script")
    kept = [(name, request.POST[name]) for name in names if name in request.POST]
    context = {"study": study, "parameters": kept, "error": error, "client_uuid": uuid.uuid4()}
    renamed = study.participant_parameter != Study._meta.get_field("participant_parameter").default
    context["is_from_prolific"] = invitations.PARAMETER not in request.POST and not renamed
    response = render(request, "annotations/resume.html", context, status=error.status)
    return error_pages.with_headers_of(error, response)


def _uncounted(request: HttpRequest, study: Study) -> HttpResponse:
    token = request.GET[preview_links.PARAMETER]
    preview_links.read(study, token)
    return _welcome_page(request, study, [(preview_links.PARAMETER, token)], is_uncounted=True)


def _welcome_page(
    request: HttpRequest, study: Study, parameters: Sequence[tuple[str, str]], **context: Any
) -> HttpResponse:
    context |= {
        "parameters": parameters,
        "client_uuid": uuid.uuid4(),
        "grids": grids(),
        "answer": example(ANSWER),
        "n_tasks": study.tasks.count(),
        **time_and_pay(study),
    }
    return render(request, "annotations/welcome.html", context)


def time_and_pay(study: Study) -> dict[str, Any]:
    """What people are told before they consent: the most minutes, what is paid, who runs it; None where none is set."""
    return {
        "minutes": longest_minutes(study),
        "reward": Decimal(study.reward_cents) / 100 if study.reward_cents else None,
        "bonus": Decimal(study.bonus_cents) / 100 if study.bonus_cents else None,
        "study": study,
    }


def _study(slug: str) -> Study:
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise StudyNotFound
    return study


def _parameter_names(study: Study) -> tuple[str, str, str]:
    return study.participant_parameter, study.study_parameter, study.session_parameter


def _given_ids(study: Study, given: QueryDict) -> dict[str, str]:
    """The link's ids as they came, by their names in `sessions.enter`; one that came with two values is none."""
    values = [set(given.getlist(name)) for name in _parameter_names(study)]
    ids = [value.pop() if len(value) == 1 else "" for value in values]
    return dict(zip(("participant_id", "study_id", "session_id"), ids, strict=True))


def _given_token(given: QueryDict) -> list[tuple[str, str]]:
    """The token of a signed link, as the one parameter that it came in; none where the link has none."""
    token = _token(given)
    return [(settings.PROLIFIC_LINK_TOKEN_PARAMETER, token)] if token else []


def _token(given: QueryDict) -> str:
    return given.get(settings.PROLIFIC_LINK_TOKEN_PARAMETER, "")
