"""What people did and what was computed from it is looked at here, never edited."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst

from annotations.models import UNCOUNTED, AnnotationSession
from annotations.models.arrays import without_arrays
from annotations.pages.list_columns import column
from annotations.pages.study_scoped import ScopedRows, StudyScoped
from annotations.staff.roles import study_of


def visit_kind(row: Any) -> str:
    """Return whose visit a row is of; empty where it is of none."""
    work = getattr(row, "assignment", row)
    visit = getattr(work, "session", work)
    return visit.kind if isinstance(visit, AnnotationSession) else ""


WHOSE_VISIT = column("visit of", visit_kind)
OF_WHOM = ("participant", "visit", "study")  # columns of rows of assignments


class ReadOnly:
    """Mixed into an admin class: nobody adds, changes or deletes, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class TitledList:
    """Mixed into an admin class: its list is headed by what is in it, or as the sidebar calls it."""

    list_title = ""
    list_help = ""  # what its columns do not say by themselves

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        title = self.list_title or capfirst(self.opts.verbose_name_plural)  # type: ignore[attr-defined]  # Django's
        context = {"title": title, "list_help": self.list_help, **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[misc,no-any-return]


class ReadOnlyAdmin(TitledList, ReadOnly, StudyScoped):
    """A list and a page of each row."""

    list_per_page = 50
    show_full_result_count = False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Head the page by its row and the row's study, and say of a visit that does not count that it does not."""
        row = context["original"]
        kind = visit_kind(row)
        subtitle = f"{study_of(row)}: {kind} visit, counted nowhere" if kind in UNCOUNTED else study_of(row)
        context |= {"title": f"{capfirst(self.opts.verbose_name)}: {row}", "subtitle": subtitle}
        return super().render_change_form(request, context, *args, **kwargs)


class ReadOnlyOfAssignments(ReadOnlyAdmin):
    """Rows of assignments, without their arrays. related: what a list shows beside participant and study."""

    related: tuple[str, ...] = ()
    participant = column(
        "participant",
        "assignment.session.participant.pseudonym",
        ordering="assignment__session__participant__pseudonym",
    )
    study = column("study", "assignment.session.study.slug", ordering="assignment__session__study__title")
    visit = WHOSE_VISIT

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        related = ("assignment__session__participant", "assignment__session__study", *self.related)
        return without_arrays(super().get_queryset(request).select_related(*related))


class ReadOnlyRows(ReadOnly, ScopedRows):
    """Rows of another model on a page, each with a link to its own."""

    extra = 0
    can_delete = False
    show_change_link = True
