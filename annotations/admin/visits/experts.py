"""The page on which somebody who is logged in begins to annotate, and who else of the experts did what."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from annotations.admin.common.study_pages import StudyPage, is_for_experts, page_context
from annotations.models import OPEN_STATES, Audience, Study, StudyState
from annotations.readings.visits.experts import experts as experts_of
from annotations.services.common.service_errors import ServiceError
from annotations.services.visits import experts
from annotations.views.common.current_visit import SESSION_KEY

TITLE = "Annotate as an expert"


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Say what awaits an expert; a POST leads into their visit, in the session of their login."""
    if request.method == "POST":
        try:
            session = experts.enter(study, request.user)
        except ServiceError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(request.path)
        request.session[SESSION_KEY] = session.pk
        return HttpResponseRedirect(reverse("visit"))
    context = page_context(
        request,
        study,
        TITLE,
        is_for_experts=study.audience == Audience.EXPERTS,
        is_draft=study.state == StudyState.DRAFT,
        may_enter=study.state in OPEN_STATES,
        n_classes=study.tasks.count(),
        mine=experts.visit_of(study, request.user),
        experts=experts_of(study),
    )
    return render(request, "admin/annotations/study/annotate.html", context)


PAGES = (StudyPage("annotate", TITLE, page, act="view", place="run", applies_to=is_for_experts),)
