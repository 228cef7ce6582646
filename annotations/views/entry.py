"""The way in: the welcome page, which a GET does not consume, and the start of a visit."""

import math

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotations.models import Stage, Study, StudyState
from annotations.models.participant import AnnotationSession
from annotations.readings.tutorial import grids
from annotations.services import device_reports, sessions
from annotations.services.errors import ServiceError, StudyNotFound, StudyNotOpen
from annotations.views import faults
from annotations.views.device import DEVICE_FIELDS, reported
from annotations.views.visits import SESSION_KEY, go_on, in_visit, see


@never_cache
@require_safe
def welcome(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what awaits the person. Stores nothing: link scanners open links too."""
    try:
        study = _study(slug)
        ids = sessions.outside_ids(study, **_given_ids(study, request.GET))
    except ServiceError as error:
        return faults.refused(request, error)
    parameters = list(zip(_parameter_names(study), ids, strict=True))
    if study.state != StudyState.ACTIVE:
        return faults.not_open(request, StudyNotOpen(study.state), study, parameters)
    limits = list(study.tasks.values_list("time_limit_s", flat=True))
    context = {
        "study": study,
        "parameters": parameters,
        "device_fields": DEVICE_FIELDS,
        "grids": grids(),
        "n_tasks": len(limits),
        "minutes": None if None in limits else math.ceil(sum(filter(None, limits)) / 60),
    }
    return render(request, "annotations/welcome.html", context)


@never_cache
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin the visit of the link's three ids, or go on with it, under a new session key."""
    try:
        study = _study(slug)
        session = sessions.enter(study, **_given_ids(study, request.POST))
    except ServiceError as error:
        return faults.refused(request, error)
    device_reports.store(session, reported(request.POST))
    request.session.cycle_key()
    request.session[SESSION_KEY] = session.pk
    return see("visit")


@require_safe
@in_visit(*Stage)
def visit(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Go to the page on which the visit stands."""
    return go_on(session)


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
