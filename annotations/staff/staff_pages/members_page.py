"""Who may see and run a study: the members page."""

from typing import Any

from django import forms
from django.http import HttpRequest

from annotations.models import Role, Study
from annotations.pages.page_acts import filled
from annotations.pages.typed_classes import Form
from annotations.staff import members, two_factor


class MemberForm(Form):
    """Somebody on the staff, and what they may do."""

    username = forms.CharField(
        label="Name of the account",
        max_length=150,
        widget=forms.TextInput(attrs={"list": "staff", "autocomplete": "off"}),
    )
    role = forms.ChoiceField(choices=Role.choices)


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """List the members."""
    rows = list(study.members.select_related("user").order_by("role", "user__username"))
    return {
        "form": MemberForm(),
        "members": rows,
        "enrolled": {row.pk for row in rows if two_factor.is_enrolled(row.user)},
        "staff": members.offered_to(request.user, study),
    }


def _add(request: HttpRequest, study: Study, by: str) -> None:
    """Give somebody a role, or another one."""
    given = filled(MemberForm(request.POST))
    members.add(study, given["username"], Role(given["role"]), by=by)


def _remove(request: HttpRequest, study: Study, by: str) -> None:
    members.remove(study, request.POST.get("username", ""), by=by)


ACTS = {"add": _add, "remove": _remove}
