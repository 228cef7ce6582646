"""The withdrawals page: taking a person out who asks for it, how far the erasure of each is, and when the ids go."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from annotations.admin.common.study_pages import StudyPage, has_begun, show_page
from annotations.models import Study
from annotations.readings.visits import withdrawal
from annotations.services.logs.identities import names_of
from annotations.services.visits import erasure, retention


class FindForm(forms.Form):
    """Whom a message is about. A post, so that an id stands in no address and no log."""

    person = forms.CharField(
        label="Pseudonym here, or id on Prolific",
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """List who withdrew; one post looks a person up, another withdraws them, a third destroys the study's ids."""
    if request.method == "POST" and request.POST.get("act") == "destroy_ids":
        return _destroy_ids(request, study)
    form, found = FindForm(), None
    if request.method == "POST" and request.POST.get("act") == "withdraw":
        person = get_object_or_404(study.participants, pseudonym=request.POST.get("participant", ""), erased_at=None)
        reason = request.POST.get("reason", "").strip()
        if reason:
            erasure.request(person, by=request.user.get_username(), reason=reason)
            messages.success(request, f"{person} is withdrawn. What they did is deleted within a few minutes.")
            return HttpResponseRedirect(request.path)
        messages.error(request, "Please say why, such as how the person asked for it: it stands in the audit log.")
        found = withdrawal.find(study, {person.pseudonym})
    elif request.method == "POST":
        form = FindForm(request.POST)
        if form.is_valid():
            found = withdrawal.find(study, names_of(study, form.cleaned_data["person"]))
        if form.is_valid() and found is None:
            form.add_error("person", "Nobody in this study has that pseudonym or id.")
    return show_page(
        request,
        study,
        "withdrawals",
        "Withdrawals",
        form=form,
        found=found,
        people=withdrawal.withdrawn(study, timezone.now()),
        ids_destroyed_at=retention.ends_at(study),
    )


def _destroy_ids(request: HttpRequest, study: Study) -> HttpResponse:
    if "is_sure" not in request.POST:
        messages.error(request, "Please tick the box first: destroyed ids cannot be brought back.")
    elif retention.destroy_ids(study, by=request.user.get_username()):
        messages.success(request, "The ids are destroyed. Nothing ties these data to persons any more.")
    else:
        messages.error(request, "Nothing was destroyed: the study is not closed, or its ids are gone already.")
    return HttpResponseRedirect(request.path)


PAGES = (StudyPage("withdrawals", "Withdrawals", page, act="coordinate", place="people", applies_to=has_begun),)
