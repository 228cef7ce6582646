"""The tasks and the conditions of a study, on its form: editable with the draft, shown afterwards."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from annotations.admin.common.list_columns import column
from annotations.admin.common.study_scoped import ScopedRows
from annotations.admin.studies.study_forms import ConditionForm, NumberedFormSet, TaskForm, TaskFormSet
from annotations.models import Condition, Study, StudyState, Task

MAX_ON_FORM = 30  # tasks; a study with more of them has a page for them
LIMITS = ("min_phrases", "max_phrases", "time_limit_s")


def is_draft(study: Study | None) -> bool:
    """Say whether the form may be filled in: for a new study, and for a draft."""
    return study is None or study.state == StudyState.DRAFT


class _OfDraft:
    """Mixed into an inline: its rows can be added, changed and deleted as long as the study is a draft."""

    def has_add_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return is_draft(obj) and super().has_add_permission(request, obj)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return is_draft(obj) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return is_draft(obj) and super().has_delete_permission(request, obj)  # type: ignore[misc]


class TaskInline(_OfDraft, ScopedRows):
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


class ConditionInline(_OfDraft, ScopedRows):
    """The conditions. A study without any shows everybody the same."""

    model = Condition
    form = ConditionForm
    formset = NumberedFormSet
    extra = 0
    fields = ("position", "name", "show_suggestions", "suggest_rewordings", "show_goal", "keyword_display")
