"""Who may see and run a study: the members page."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from annotations.admin.common.study_pages import StudyPage, show_page
from annotations.models import Role, Study
from annotations.services.common.service_errors import ServiceError
from annotations.services.staff import members, two_factor


class MemberForm(forms.Form):
    """Somebody on the staff, and what they may do."""

    username = forms.CharField(
        label="Name of the account",
        max_length=150,
        widget=forms.TextInput(attrs={"list": "staff", "autocomplete": "off"}),
    )
    role = forms.ChoiceField(choices=Role.choices)


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """List the members; a POST adds one, changes a role or removes one."""
    form = MemberForm(request.POST if request.POST.get("act") == "add" else None)
    if request.method == "POST":
        try:
            if _done(request, study, form):
                return HttpResponseRedirect(request.path)
        except ServiceError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(request.path)
    rows = list(study.members.select_related("user").order_by("role", "user__username"))
    context: dict[str, Any] = {
        "form": form,
        "members": rows,
        "enrolled": {row.pk for row in rows if two_factor.is_enrolled(row.user)},
    }
    context["staff"] = members.offered_to(request.user, study)
    status = 400 if form.is_bound and form.errors else 200
    return show_page(request, study, "members", "Members", status=status, **context)


def _done(request: HttpRequest, study: Study, form: MemberForm) -> bool:
    by: str = request.user.get_username()
    if request.POST.get("act") == "remove":
        members.remove(study, request.POST.get("username", ""), by=by)
        return True
    given: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    if given:
        members.add(study, given["username"], Role(given["role"]), by=by)
    return bool(given)


PAGES = (StudyPage("members", "Members", page, act="coordinate", place="people"),)
