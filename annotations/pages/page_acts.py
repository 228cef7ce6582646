"""What a POST asks for: the act that its field "act" names, and what the next page says of it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from annotations.pages.form_errors import RefusalsShown
from annotations.pages.typed_classes import Form

Answer = HttpResponseBase | dict[str, Any]  # the context of the page's own template, or another answer
Act = Callable[[HttpRequest, Any, str], Answer | str | None]  # of the request, the row of the page, and who asks

SiteAct = Callable[[HttpRequest, Any, str], HttpResponse | str | None]  # of a page that belongs to no study
T = TypeVar("T", bound=Answer)


class FormRefused(Exception):
    """What an act was sent holds errors. The page shows the form with them, as `name`: its prefix, or `form`."""

    def __init__(self, form: BaseForm, name: str = "") -> None:
        super().__init__(form.errors.as_text())
        self.form, self.name = form, name or form.prefix or "form"


def filled(form: BaseForm) -> dict[str, Any]:
    """Return what a form holds. Raises FormRefused."""
    if not form.is_valid():
        raise FormRefused(form)
    return form.cleaned_data


class ReasonForm(Form):
    """Why somebody does what the page cannot take back by itself."""

    reason = forms.CharField(max_length=1_000, required=False)


def reason_of(request: HttpRequest) -> str:
    """Return the reason that was typed, "" without one. Raises FormRefused, and has the page say why."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"Reason: {form.errors['reason'][0]}")
        raise FormRefused(form, "reason_form")
    return str(form.cleaned_data["reason"])


def answer_to_act(
    request: HttpRequest, acts: Mapping[str, Callable[[HttpRequest, Any, str], T | str | None]], row: Any
) -> T | HttpResponseRedirect:
    """Do an act; go back to the page, which says the sentence that the act returns, or why it is refused."""
    with RefusalsShown(request):
        act = acts.get(request.POST.get("act", ""))
        if act is None:
            messages.error(request, "The form was incomplete, so nothing was changed. Reload the page and try again.")
            return HttpResponseRedirect(request.get_full_path())
        answer = act(request, row, request.user.get_username())
        if answer is not None and not isinstance(answer, str):
            return answer
        if answer:
            messages.success(request, answer)
    return HttpResponseRedirect(request.get_full_path())
