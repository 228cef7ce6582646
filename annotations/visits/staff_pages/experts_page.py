"""The page on which somebody who is logged in begins to annotate, and who else of the experts did what."""

from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from annotations.models import Study
from annotations.pages.current_visit import SESSION_KEY
from annotations.phrases.expert_classes import experts as experts_of
from annotations.phrases.expert_classes import notes
from annotations.visits import expert_visits as experts


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Say what awaits an expert."""
    return {"mine": experts.visit_of(study, request.user), "experts": experts_of(study), "notes": notes(study)}


def _enter(request: HttpRequest, study: Study, by: str) -> HttpResponseRedirect:
    """Lead into the expert's visit, in the session of their login."""
    request.session[SESSION_KEY] = experts.enter(study, request.user).pk
    return HttpResponseRedirect(reverse("visit"))


ACTS = {"": _enter}
