"""The forms of a draft study, its tasks and its conditions."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from annotations.models import BaseModel, Condition, Dataset, Study, StudyState, Task
from annotations.models.primary_measures import MEASURES
from annotations.pages.list_columns import column
from annotations.pages.number_formats import OF_STUDY, MoneyField
from annotations.pages.study_scoped import ScopedRows
from annotations.pages.typed_classes import ModelForm
from annotations.studies import lifecycle
from annotations.studies.lifecycle import StaleDraft
from annotations.studies.readiness import language_reason
from annotations.studies.staff_pages.study_sections import HELP
from annotations.studies.staff_pages.translations import TranslationsField
from clarify_errors.arrays.datasets.dataset_files import BadDataset

MAX_ERRORS = "the class with the most errors"
_WORDS = ("suggested_words", "keywords")
LIMITS = ("min_phrases", "max_phrases", "time_limit_s")


class StudyForm(ModelForm[Study]):
    """Refuses to change a study that somebody opened or saved after this form was loaded. saver: whose form it is."""

    saver = ""

    seen_revision = forms.IntegerField(
        label="Version",
        widget=forms.HiddenInput,
        error_messages={"required": "This page does not say which version of the draft it shows. Load it again."},
    )
    translations = TranslationsField(help_text=Study._meta.get_field("translations").help_text)
    primary_measures = forms.MultipleChoiceField(
        choices=tuple(MEASURES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=HELP["primary_measures"],
    )

    class Meta:
        model = Study
        exclude = ("state",)
        labels = MoneyField.OF_STUDY
        field_classes = OF_STUDY
        help_texts = HELP
        widgets = {
            "introduction": forms.Textarea(attrs={"rows": 3, "cols": 80}),
            "consent_text": forms.Textarea(attrs={"rows": 5, "cols": 80}),
            "end_questions": forms.Textarea(attrs={"rows": 4, "cols": 80}),
            "completion_url": forms.TextInput(attrs={"size": 60}),
            "currency": forms.TextInput(attrs={"class": "narrow"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_revision"] = self.instance.revision

    def clean(self) -> dict[str, Any] | None:
        locked = Study.objects.select_for_update().get(pk=self.instance.pk)
        if locked.state != StudyState.DRAFT:
            raise ValidationError(
                "The study was opened in the meantime, so it cannot be changed. Clone the study to use another set-up."
            )
        if "seen_revision" in self.cleaned_data:
            try:
                lifecycle.refuse_stale(locked, self.cleaned_data["seen_revision"], by=self.saver)
            except StaleDraft as error:
                raise ValidationError(error.message, code=error.code) from error
        return super().clean()


class RowForm(ModelForm[Any]):
    """A row of a table, whose place is the last one where none is given."""

    position = forms.IntegerField(
        label="order", min_value=1, required=False, widget=forms.NumberInput(attrs={"class": "narrow"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label  # in a table the column's head is no label
        if self.instance._state.adding:
            self.initial.pop("position", None)  # the model's default, 1, would hide that an empty place is the last


class ModelField(forms.ModelChoiceField):  # type: ignore[type-arg]  # which only the stubs know
    """A base model, by what it is."""

    def label_from_instance(self, model: Any) -> str:
        return str(model.title)


def _class_choices() -> list[Any]:
    """The classes of every data set that has a base model, grouped by data set; first the default."""
    datasets = Dataset.objects.filter(pk__in=BaseModel.objects.values("dataset")).order_by("name", "-version")
    groups = [
        (str(dataset), [(f"{dataset.pk}:{number}", name) for number, name in enumerate(dataset.class_names)])
        for dataset in datasets
    ]
    return [("", MAX_ERRORS), *groups]


class TaskForm(RowForm):
    """A task whose class is chosen by name."""

    base_model = ModelField(BaseModel.objects.select_related("dataset"), label="model")
    target = forms.ChoiceField(label="class", required=False, choices=_class_choices)

    class Meta:
        model = Task
        fields = ("position", "base_model", "text_template", *_WORDS, *LIMITS)
        widgets = {
            "text_template": forms.TextInput(attrs={"size": 18}),
            **{name: forms.Textarea(attrs={"rows": 2, "cols": 12}) for name in _WORDS},
            **{name: forms.NumberInput(attrs={"class": "narrow"}) for name in LIMITS},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.target_class is not None:
            self.initial["target"] = f"{self.instance.base_model.dataset_id}:{self.instance.target_class}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        base_model, target = cleaned.get("base_model"), cleaned.get("target", "")
        dataset_id, _, number = target.partition(":")
        if base_model and target and int(dataset_id) != base_model.dataset_id:
            self.add_error("target", f"The data set of {base_model} does not have this class. Choose another one.")
        self.instance.target_class = int(number) if number else None
        return cleaned


class ConditionForm(RowForm):
    """A condition."""

    class Meta:
        model = Condition
        fields = (
            *("position", "name", "show_suggestions", "suggest_rewordings", "show_goal", "keyword_display"),
            "show_effect",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["keyword_display"].required = False  # left out, it is the model's default


class NumberedFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]  # which only the stubs know
    """Numbers the rows that were given no place after those that have one."""

    def initial_form_count(self) -> int:
        """Count a sent row as a further one where the row that it was loaded from is gone: the page shows it then."""
        return min(super().initial_form_count(), len(self.get_queryset()))

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:  # in a table the column's head is no label
            form.fields["DELETE"].widget.attrs["aria-label"] = f"Delete row {(index or 0) + 1}"

    def clean(self) -> None:
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [form for form in kept if hasattr(form, "cleaned_data") and not form.cleaned_data.get("DELETE")]
        last = max((form.cleaned_data.get("position") or 0 for form in kept), default=0)
        for form in kept:
            if not form.cleaned_data.get("position"):
                last += 1
                form.cleaned_data["position"] = form.instance.position = last
        super().clean()


class TaskFormSet(NumberedFormSet):
    """Refuses tasks whose encoder does not understand the language that the study's form asks for."""

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            if form.cleaned_data.get("base_model") and not form.cleaned_data.get("DELETE"):
                try:
                    reason = language_reason(form.instance, self.instance.phrase_language)
                except BadDataset:
                    continue  # pre-flight tells it
                if reason:
                    form.add_error("base_model" if "encoder" in reason else "text_template", reason)


MAX_ON_FORM = 30  # tasks; a study with more of them has a page for them


class TaskInline(ScopedRows):
    """The tasks."""

    model = Task
    form = TaskForm
    formset = TaskFormSet
    readonly_fields = ("frozen_model", "class_name")
    frozen_model = column("model", "base_model.title")

    def get_fields(self, request: HttpRequest, obj: Study | None = None) -> Sequence[str]:  # type: ignore[override]
        may_change = self.has_change_permission(request, obj)
        chosen = ["base_model", "target"] if may_change else ["frozen_model", "class_name"]
        return ["position", *chosen, "text_template", "suggested_words", "keywords", *LIMITS]

    def get_extra(self, request: HttpRequest, obj: Study | None = None, **kwargs: Any) -> int:
        return 0 if obj is not None and obj.tasks.exists() else 1


class ConditionInline(ScopedRows):
    """The conditions. A study without any shows everybody the same."""

    model = Condition
    form = ConditionForm
    formset = NumberedFormSet
    extra = 0
    fields = ConditionForm.Meta.fields
