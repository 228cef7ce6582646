"""A draft's form that was opened before somebody else's save: nothing is stored, and it is shown again with both.

The page names who saved and when, lists what differs, and holds what was typed on top of what is stored by now. Saving
it stores that; the other way on is to drop what was typed.
"""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from annotations.admin.common.typed_classes import ModelAdmin
from annotations.admin.studies.draft_merge import Difference, Rows, merge
from annotations.admin.studies.study_forms import ONLY_SHOWN
from annotations.models import Study
from annotations.services.studies import draft_revisions
from annotations.services.studies.draft_revisions import DraftSavedMeanwhile

TASKS = "tasks"  # which have no place on the form where there are too many of them


class SavedMeanwhile(ModelAdmin[Study]):
    """Mixed into the studies: two who save one draft learn of each other."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DraftSavedMeanwhile as error:
            context = {"meanwhile": error, "differences": self._with_both(request, error.study)}
            response = super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **context})
            response.status_code = error.status
            return response

    def save_model(self, request: HttpRequest, obj: Study, form: Any, change: bool) -> None:
        """Store the study as the next revision of the draft, or raise DraftSavedMeanwhile."""
        if change:
            draft_revisions.revise(obj, by=request.user.get_username(), seen=form.cleaned_data["seen_revision"])
        super().save_model(request, obj, form, change)

    def _with_both(self, request: HttpRequest, study: Study) -> list[Difference]:
        """Put both people's draft into the request, to be shown and not stored; return what differs."""
        rows = [
            Rows(formset.form, formset.get_default_prefix(), _name(inline), list(_stored(inline, request, study)))
            for formset, inline in self.get_formsets_with_inlines(request, study)
        ]
        merged = merge(request.POST, self.get_form(request, study, change=True), study, rows)
        n_tasks_sent = request.POST.get(f"{TASKS}-TOTAL_FORMS", "0")
        merged.data[ONLY_SHOWN] = "1"
        request.POST = merged.data  # type: ignore[assignment]  # made here, so it may be changed
        if n_tasks_sent == "0" or any(each.prefix == TASKS for each in rows):
            return merged.differences
        return [*merged.differences, Difference("Tasks", "now on the page “Many classes”", "not kept: do it there")]


def _name(inline: Any) -> str:
    return str(inline.opts.verbose_name).capitalize()


def _stored(inline: Any, request: HttpRequest, study: Study) -> QuerySet[Any]:
    rows: QuerySet[Any] = inline.get_queryset(request).filter(study=study)
    return rows.order_by("position")
