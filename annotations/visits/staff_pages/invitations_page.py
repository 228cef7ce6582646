"""The page on which coordinators make, list and revoke invitations."""

from typing import Any

from django import forms
from django.http import HttpRequest

from annotations.allocation.plain_links import limits_in_words
from annotations.models import Study
from annotations.pages.number_formats import row_number
from annotations.pages.page_acts import filled
from annotations.pages.typed_classes import Form
from annotations.visits import invitations


class InvitationsForm(Form):
    """How many invitations to make."""

    n = forms.IntegerField(label="How many people", min_value=1, max_value=invitations.MAX_AT_ONCE, initial=1)


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """List the study's invitations, without their links."""
    return {"form": InvitationsForm(), "limits": limits_in_words(study), "invitations": study.invitations.all()}


def _make(request: HttpRequest, study: Study, by: str) -> dict[str, Any]:
    """Make invitations, and show their links in the answer alone."""
    links = invitations.make(study, filled(InvitationsForm(request.POST))["n"], by=by)
    return {**page(request, study), "links": links}


def _revoke(request: HttpRequest, study: Study, by: str) -> None:
    invitations.revoke(study, row_number(request.POST.get("number")), by=by)


ACTS = {"make": _make, "revoke": _revoke}
