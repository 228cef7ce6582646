"""The withdrawals page: taking a person out who asks for it, how far the erasure of each is, and when the ids go."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from annotations.log.identities import names_of
from annotations.models import Study
from annotations.pages.page_acts import filled, reason_of
from annotations.pages.typed_classes import Form
from annotations.visits import erasure, retention
from annotations.visits import withdrawal_status as withdrawal


class FindForm(Form):
    """Whom a message is about. A post, so that an id stands in no address and no log."""

    person = forms.CharField(
        label="Pseudonym here, or id on Prolific",
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """List who withdrew."""
    return {
        "form": FindForm(),
        "people": withdrawal.withdrawn(study, timezone.now()),
        "ids_destroyed_at": retention.ends_at(study),
    }


def _find(request: HttpRequest, study: Study, by: str) -> dict[str, Any]:
    form = FindForm(request.POST)
    found = withdrawal.find(study, names_of(study, filled(form)["person"]))
    if found is None:
        form.add_error("person", "Nobody in this study has that pseudonym or id.")
    return page(request, study) | {"form": form, "found": found}


def _withdraw(request: HttpRequest, study: Study, by: str) -> dict[str, Any] | str:
    person = get_object_or_404(study.participants, pseudonym=request.POST.get("participant", ""), erased_at=None)
    if reason := reason_of(request):
        erasure.request(person, by=by, reason=reason)
        return f"{person} is withdrawn. What they did is deleted within a few minutes."
    messages.error(request, "Please say why, such as how the person asked for it: it stands in the audit log.")
    return page(request, study) | {"found": withdrawal.find(study, {person.pseudonym})}


def _destroy_ids(request: HttpRequest, study: Study, by: str) -> str | None:
    if "is_sure" not in request.POST:
        messages.error(request, "Please tick the box first: destroyed ids cannot be brought back.")
        return None
    if retention.destroy_ids(study, by=by):
        return "The ids are destroyed. Nothing ties these data to persons any more."
    messages.error(request, "Nothing was destroyed: the study is not closed, or its ids are gone already.")
    return None


ACTS = {"": _find, "withdraw": _withdraw, "destroy_ids": _destroy_ids}
