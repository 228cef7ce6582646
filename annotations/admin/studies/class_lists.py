"""The page that adds tasks for many classes at once to a draft, and takes them out again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from annotations.admin.common.study_pages import StudyPage, show_page
from annotations.admin.common.typed_classes import ModelForm
from annotations.models import Audience, BaseModel, Study, StudyState, Task
from annotations.models.arrays import without_arrays
from annotations.services.common.service_errors import ServiceError
from annotations.services.studies import class_lists

TITLE = "Many classes"


class ClassListForm(ModelForm[Task]):
    """A base model, its classes, and the limits that every task of them gets."""

    base_model = forms.ModelChoiceField(without_arrays(BaseModel.objects.select_related("dataset")), label="Base model")
    names = forms.CharField(
        label="Classes, one a line",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 40}),
        help_text="Their names as in the data set. Empty: every class with wrong and right validation images, the one "
        "that goes wrong most first.",
    )

    field_order = ("base_model", "names")

    class Meta:
        model = Task
        fields = ("base_model", "text_template", "min_phrases", "max_phrases", "time_limit_s")


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """List the tasks by class; a POST adds classes, or takes some or all out."""
    initial = {"time_limit_s": None} if study.audience == Audience.EXPERTS else {}
    is_added = request.POST.get("act") == "add"
    form = ClassListForm(request.POST if is_added else None, initial=initial)
    if request.method == "POST":
        try:
            if not is_added:
                _remove(request, study)
                return HttpResponseRedirect(request.path)
            if form.is_valid():
                _add(request, study, dict(form.cleaned_data))
                return HttpResponseRedirect(request.path)
        except ServiceError as error:
            form.add_error(None, error.message) if is_added else messages.error(request, error.message)
    return show_page(
        request,
        study,
        "classes",
        TITLE,
        form=form,
        tasks=list(study.tasks.with_base_models().order_by("position")),
        is_draft=study.state == StudyState.DRAFT,
        status=400 if form.errors else 200,
    )


def _add(request: HttpRequest, study: Study, given: dict[str, Any]) -> None:
    names = [line.strip() for line in given.pop("names").splitlines() if line.strip()]
    added = class_lists.add(study, given.pop("base_model"), names, by=request.user.get_username(), **given)
    known = f" {added.known} had one before." if added.known else ""
    messages.success(request, f"Added {added.new} task{'' if added.new == 1 else 's'}.{known}")


def _remove(request: HttpRequest, study: Study) -> None:
    sent = [int(number) for number in request.POST.getlist("task") if number.isdecimal() and len(number) < 9]
    chosen = None if request.POST.get("act") == "remove_all" else sent
    n = class_lists.remove(study, chosen, by=request.user.get_username())
    messages.success(request, f"Took out {n} task{'' if n == 1 else 's'}.")


def _has_many(study: Study) -> bool:
    return study.audience == Audience.EXPERTS or study.tasks.count() > 1


PAGES = (StudyPage("classes", TITLE, page, act="coordinate", place="setup", applies_to=_has_many),)
