"""The tasks and the conditions of a study, on its form: editable with the draft, shown afterwards."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from annotations.admin.common.list_columns import column
from annotations.admin.common.study_scoped import ScopedRows
from annotations.admin.studies.study_forms import LIMITS, ConditionForm, NumberedFormSet, TaskForm, TaskFormSet
from annotations.models import Condition, Study, Task

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
