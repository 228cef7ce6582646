"""What people did and what was computed from it is looked at here, never edited."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.text import capfirst

from annotations.admin.common.study_scoped import ScopedRows, StudyScoped
from annotations.models.arrays import without_arrays


class ReadOnly:
    """Mixed into an admin class: nobody adds, changes or deletes, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class TitledList:
    """Mixed into an admin class: its list is headed by what is in it, or as the sidebar calls it."""

    list_title = ""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        title = self.list_title or capfirst(self.opts.verbose_name_plural)  # type: ignore[attr-defined]  # Django's
        return super().changelist_view(request, {"title": title, **(extra_context or {})})  # type: ignore[misc,no-any-return]


class ReadOnlyAdmin(TitledList, ReadOnly, StudyScoped):
    """A list and a page of each row."""

    actions = None
    list_per_page = 50
    show_full_result_count = False


class ReadOnlyOfAssignments(ReadOnlyAdmin):
    """Rows of assignments, without their arrays. related: what a list shows beside participant and study."""

    related: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        related = ("assignment__session__participant", "assignment__session__study", *self.related)
        return without_arrays(super().get_queryset(request).select_related(*related))

    @admin.display(description="participant", ordering="assignment__session__participant__pseudonym")
    def participant(self, row: Any) -> str:
        return str(row.assignment.session.participant.pseudonym)

    @admin.display(description="study", ordering="assignment__session__study__title")
    def study(self, row: Any) -> str:
        return str(row.assignment.session.study.slug)


class ReadOnlyRows(ReadOnly, ScopedRows):
    """Rows of another model on a page, each with a link to its own."""

    extra = 0
    can_delete = False
    show_change_link = True
