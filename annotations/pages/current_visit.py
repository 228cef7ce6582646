"""Who is visiting, and where the visit stands."""

import uuid
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from annotations.base.service_errors import ServiceError, StudyNotOpen
from annotations.log import withdrawal_keys
from annotations.models import AnnotationSession, AssignmentState, Stage, StudyState
from annotations.models.study_texts import OWN_LANGUAGE
from annotations.pages import error_pages
from annotations.staff import roles

SESSION_KEY = "annotation_session"  # where the cookie's session keeps the visit
LOOKED_AT_KEY = "looked_at_visit"  # and the one that is over, whose link the browser has, for its pictures alone
AT_WORK = (
    *("stage", "kind", "seed", "condition", "participant__pseudonym", "participant__erased_at"),
    *("study__state", "study__goal", "study__suggest_rewordings", "study__keyword_display"),
    *("study__phrase_language", "study__reward_cents", "study__bonus_cents"),
)
_BEFORE_TASKS = frozenset((Stage.CONSENT, Stage.TUTORIAL, Stage.CHECK))
STEPS = (_("Consent"), _("How it works"), _("Images"), _("End"))

P = ParamSpec("P")
VisitView = Callable[Concatenate[HttpRequest, AnnotationSession, P], HttpResponse]


class SeeOther(HttpResponseRedirect):
    """303: the answer to a POST is a page to GET."""

    status_code = 303


def see(name: str, *args: Any) -> SeeOther:
    """Redirect to the page with this name (303)."""
    return SeeOther(reverse(name, args=args))


def visiting(request: HttpRequest, *columns: str) -> AnnotationSession | None:
    """Return the visit that this browser is in; an expert's only while they are logged in and may see the study.

    columns: those that will be looked at; none: all.
    """
    key = request.session.get(SESSION_KEY)
    if key is None:
        return None
    visits = AnnotationSession.objects.select_related("study", "participant", "condition").filter(pk=key).order_by()
    session = (visits.only(*columns) if columns else visits).first()
    if session is not None and session.is_expert and not roles.may(request.user, "view", session.study):
        return None
    return session


def in_visit(
    *stages: Stage, columns: Sequence[str] = ()
) -> Callable[[VisitView[P]], Callable[Concatenate[HttpRequest, P], HttpResponse]]:
    """Give a view the visit, at one of `stages`; at another stage send the person to where they are.

    The page is never stored by a browser, an unknown visit is a 404, and what a service refuses becomes a page. Once
    the study is closed, views whose stages all lie before the tasks are refused.
    columns: those of the visit that the view reads; others are loaded on demand. None: all.
    """

    is_before_tasks = _BEFORE_TASKS.issuperset(stages)  # others, such as the way to a withdrawal, outlive the study

    def decorate(view: VisitView[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            session = visiting(request, *columns)
            if session is None:
                return error_pages.no_visit(request)
            if session.stage not in stages:
                return SeeOther(page_of(session))
            try:
                if is_before_tasks and session.study.state == StudyState.CLOSED:
                    raise StudyNotOpen(session.study.state)
                return view(request, session, *args, **kwargs)
            except ServiceError as error:
                return error_pages.refused(request, error, session=session)

        return never_cache(guarded)

    return decorate


def page_of(session: AnnotationSession) -> str:
    """Return the address of the page on which a visit stands."""
    if session.stage == Stage.TASKS and session.is_expert:
        return reverse("classes")
    if session.stage == Stage.TASKS:
        assignment = session.assignments.exclude(state=AssignmentState.ENDED).order_by("position").first()
        return reverse("end") if assignment is None else reverse("task", args=[assignment.public_id])
    if session.stage == Stage.WITHDRAWN:
        return withdrawal_path(session)
    return reverse("end" if session.stage == Stage.FINISHED else session.stage)  # whose page has its name


def may_end(session: AnnotationSession) -> bool:
    """Whether a visit at its tasks can come to its end: all are done; of an expert's, one at least, and none runs."""
    states = set(session.assignments.values_list("state", flat=True))
    return states == {AssignmentState.ENDED}


def withdrawal_path(session: AnnotationSession) -> str:
    """Return the visit's own link to withdraw. Its key is in the query string, which no log keeps.

    Once the study's ids are destroyed the link has none, and its page says what happened.
    """
    path = reverse("withdraw", args=[session.public_id])
    return f"{path}?key={withdrawal_keys.token(session)}" if session.sealed_withdrawal_token else path


def go_on(session: AnnotationSession) -> HttpResponse:
    """Redirect to where the visit stands."""
    return SeeOther(page_of(session))


def client_uuid(given: QueryDict) -> uuid.UUID:
    """Return the uuid that makes a form's second submit the same as its first; a bad request without one."""
    found = uuid_in(given, "client_uuid")
    if found is None:
        raise BadRequest("client_uuid must be a UUID")
    return found


def uuid_in(given: QueryDict, name: str) -> uuid.UUID | None:
    """Return the UUID in one of the fields; None where there is none."""
    try:
        return uuid.UUID(given.get(name, ""))
    except ValueError:
        return None


def asked_in(given: QueryDict) -> str:
    """Return the language of the page whose form this is: the person may have switched it elsewhere meanwhile."""
    language = given.get("asked_in", OWN_LANGUAGE)
    return language if language in dict(settings.LANGUAGES) else OWN_LANGUAGE


def steps(number: int) -> dict[str, Any]:
    """Return the template context of the progress bar, at step `number` of STEPS."""
    return {"step": number, "steps": STEPS}
