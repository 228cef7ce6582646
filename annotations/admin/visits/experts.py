"""The page on which somebody who is logged in begins to annotate, and who else of the experts did what."""

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from annotations.admin.common.form_errors import RefusalsShown
from annotations.admin.common.page_acts import Answer
from annotations.models import Study
from annotations.readings.visits.experts import experts as experts_of
from annotations.readings.visits.experts import notes
from annotations.services.visits import experts
from annotations.views.common.current_visit import SESSION_KEY


def page(request: HttpRequest, study: Study) -> Answer:
    """Say what awaits an expert; a POST leads into their visit, in the session of their login."""
    if request.method == "POST":
        with RefusalsShown(request):
            request.session[SESSION_KEY] = experts.enter(study, request.user).pk
            return HttpResponseRedirect(reverse("visit"))
        return HttpResponseRedirect(request.path)
    return {
        "mine": experts.visit_of(study, request.user),
        "experts": experts_of(study),
        "notes": notes(study),
    }
