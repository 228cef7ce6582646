"""The page on which somebody who is logged in begins to annotate, and who else of the experts did what."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.study_pages import StudyPage, is_for_experts, show_page
from annotations.models import OPEN_STATES, Audience, Study, StudyState
from annotations.readings.visits.experts import experts as experts_of
from annotations.readings.visits.experts import notes
from annotations.services.visits import experts
from annotations.views.common.current_visit import SESSION_KEY

TITLE = "Annotate as an expert"


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Say what awaits an expert; a POST leads into their visit, in the session of their login."""
    if request.method == "POST":
        with RefusalsShown(request):
            request.session[SESSION_KEY] = experts.enter(study, request.user).pk
            return HttpResponseRedirect(reverse("visit"))
        return HttpResponseRedirect(request.path)
    return show_page(
        request,
        study,
        "annotate",
        TITLE,
        is_for_experts=study.audience == Audience.EXPERTS,
        is_draft=study.state == StudyState.DRAFT,
        may_enter=study.state in OPEN_STATES,
        n_classes=study.tasks.count(),
        mine=experts.visit_of(study, request.user),
        experts=experts_of(study),
        notes=notes(study),
    )


PAGES = (StudyPage("annotate", TITLE, page, act="view", place="run", applies_to=is_for_experts),)
