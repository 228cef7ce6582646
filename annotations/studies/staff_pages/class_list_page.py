"""The page that adds tasks for many classes at once to a draft, and takes them out again."""

from typing import Any

from django import forms
from django.http import HttpRequest

from annotations.models import Audience, BaseModel, Study, Task
from annotations.pages.form_errors import RefusalsShown
from annotations.pages.number_formats import row_number
from annotations.pages.page_acts import FormRefused, filled
from annotations.pages.typed_classes import ModelForm
from annotations.studies import class_lists
from clarify_errors.arrays.common.counted_words import counted


class ClassListForm(ModelForm[Task]):
    """A base model, its classes, and the limits that every task of them gets."""

    base_model = forms.ModelChoiceField(BaseModel.objects.select_related("dataset"), label="Base model")
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


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """List the tasks by class."""
    initial = {"time_limit_s": None} if study.audience == Audience.EXPERTS else {}
    return {
        "form": ClassListForm(initial=initial),
        "tasks": list(study.tasks.with_base_models().order_by("position")),
    }


def _add(request: HttpRequest, study: Study, by: str) -> str:
    form = ClassListForm(request.POST)
    given = dict(filled(form))
    names = [line.strip() for line in given.pop("names").splitlines() if line.strip()]
    with RefusalsShown(form):
        added = class_lists.add(study, given.pop("base_model"), names, by=by, **given)
        known = f" {added.known} had one before." if added.known else ""
        return f"Added {counted(added.new, 'task')}.{known}"
    raise FormRefused(form)


def _remove(request: HttpRequest, study: Study, by: str) -> str:
    """Take the tasks out that are ticked, or all."""
    chosen = list(map(row_number, request.POST.getlist("task")))
    n = class_lists.remove(study, None if request.POST["act"] == "remove_all" else chosen, by=by)
    return f"Took out {counted(n, 'task')}."


def has_many(study: Study) -> bool:
    """Whether the tasks have a page of their own."""
    return study.audience == Audience.EXPERTS or study.tasks.count() > 1


ACTS = {"add": _add, "remove": _remove, "remove_all": _remove}
