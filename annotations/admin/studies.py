"""Studies: set up as a draft, opened, watched from the cockpit, closed, exported."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotations.admin.cockpit import STEPS, cockpit
from annotations.admin.generic import ModelAdmin, TabularInline
from annotations.admin.read_only import TitledList
from annotations.admin.study_forms import StudyForm, TaskForm, TaskFormSet, new_completion_code
from annotations.admin.study_pages import page_urls
from annotations.admin.study_registry import PAGES
from annotations.exports.download import study_download
from annotations.models import AnnotationSession, Phrase, Run, RunState, Stage, Study, StudyState, Task
from annotations.services.errors import ServiceError, StudyNotReady

LIMITS = ("min_phrases", "max_phrases", "time_limit_s")


class TaskInline(TabularInline[Task, Study]):
    """The tasks, editable with the draft."""

    model = Task
    form = TaskForm
    formset = TaskFormSet  # type: ignore[assignment]  # it narrows the form to TaskForm
    readonly_fields = ("class_name",)
    verbose_name = "task"

    def get_fields(self, request: HttpRequest, obj: Study | None = None) -> Sequence[str]:  # type: ignore[override]
        which_class = "target" if self.has_change_permission(request, obj) else "class_name"
        return ["position", "base_model", which_class, "text_template", "suggested_words", *LIMITS]

    def get_extra(self, request: HttpRequest, obj: Study | None = None, **kwargs: Any) -> int:
        return 0 if obj is not None and obj.tasks.exists() else 1

    def has_add_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return _is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)


@admin.register(Study)
class StudyAdmin(TitledList, ModelAdmin[Study]):
    form = StudyForm
    inlines = (TaskInline,)
    actions = None
    list_display = ("title", "state_mark", "people", "finished", "phrases", "runs", "opened_at")
    list_filter = ("state",)
    search_fields = ("title", "slug")
    prepopulated_fields = {"slug": ("title",)}
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "slug",
                    "language",
                    "introduction",
                    "consent_text",
                    "comprehension_check",
                    "end_questions",
                    "goal",
                    "suggest_rewordings",
                )
            },
        ),
        ("The same in other languages", {"fields": ("translations",), "classes": ("collapse",)}),
        (
            "Entry and exit",
            {
                "fields": (
                    "completion_code",
                    "completion_url",
                    "no_consent_code",
                    "failed_check_code",
                    "failed_check_is_paid",
                    "external_study_id",
                ),
                "description": "How people come from Prolific and go back. The defaults fit Prolific.",
            },
        ),
        (
            "Names of the parameters in the link",
            {
                "fields": ("participant_parameter", "study_parameter", "session_parameter"),
                "classes": ("collapse",),
            },
        ),
    )

    # -- The list ------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[Study]:
        sessions = AnnotationSession.objects.counted().filter(study=OuterRef("pk")).order_by()
        counted = AnnotationSession.objects.counted().filter(study=OuterRef(OuterRef("pk")))
        phrases = Phrase.objects.filter(assignment__session__in=counted).order_by()
        runs = Run.objects.filter(assignment__session__in=counted, state=RunState.DONE).order_by()
        return (
            super()
            .get_queryset(request)
            .annotate(
                n_sessions=_counted(sessions, "study"),
                n_finished=_counted(sessions.filter(stage=Stage.FINISHED), "study"),
                n_phrases=_counted(phrases, "assignment__session__study"),
                n_runs=_counted(runs, "assignment__session__study"),
            )
        )

    @admin.display(description="state", ordering="state")
    def state_mark(self, study: Study) -> SafeString:
        return format_html('<span class="mark mark-{}">{}</span>', study.state, study.get_state_display())

    @admin.display(description="entered", ordering="n_sessions")
    def people(self, study: Study) -> int:
        return int(study.n_sessions)  # type: ignore[attr-defined]  # annotated above

    @admin.display(description="finished", ordering="n_finished")
    def finished(self, study: Study) -> int:
        return int(study.n_finished)  # type: ignore[attr-defined]

    @admin.display(description="phrases", ordering="n_phrases")
    def phrases(self, study: Study) -> int:
        return int(study.n_phrases)  # type: ignore[attr-defined]

    @admin.display(description="runs done", ordering="n_runs")
    def runs(self, study: Study) -> int:
        return int(study.n_runs)  # type: ignore[attr-defined]

    # -- The form ------------------------------------------------------------------------------------------------------
    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"completion_code": new_completion_code(), **super().get_changeform_initial_data(request)}

    def get_prepopulated_fields(self, request: HttpRequest, obj: Study | None = None) -> dict[str, Any]:
        return {} if obj is not None else dict(super().get_prepopulated_fields(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        study = context.get("original")
        if study is not None:
            context |= cockpit(study)
            context |= {"title": str(study), "subtitle": None, "may_act": super().has_change_permission(request)}
        context["show_save_and_add_another"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Study, post_url_continue: str | None = None) -> HttpResponse:
        """Go to the study's page instead of the list: that is where it is opened."""
        self.message_user(request, "The draft is stored. Open it when it is complete.", messages.SUCCESS)
        return HttpResponseRedirect(_page_of(obj))

    # -- Acts and export -----------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:study_id>/step/<slug:name>/", wrap(self.step_view), name="annotations_study_step"),
            path("<int:study_id>/export/", wrap(self.export_view), name="annotations_study_export"),
            *page_urls(self, PAGES),
            *super().get_urls(),
        ]

    def step_view(self, request: HttpRequest, study_id: int, name: str) -> HttpResponse:
        """GET asks for confirmation and says what will happen; POST does it, or says why not."""
        study, step = get_object_or_404(Study, pk=study_id), STEPS.get(name)
        if step is None or not super().has_change_permission(request):
            raise Http404
        refusal: list[str] = []
        if request.method == "POST":
            try:
                step.act(study)
            except StudyNotReady as error:
                refusal = error.reasons
            except ServiceError as error:
                refusal = [error.message]
            else:
                self.log_change(request, study, f"{step.button}.")
                self.message_user(request, step.done, messages.SUCCESS)
                return HttpResponseRedirect(_page_of(study))
        context = {
            **self.admin_site.each_context(request),
            "title": step.button,
            "study": study,
            "step": step,
            "refusal": refusal,
            "opts": self.opts,
        }
        status = 409 if refusal else 200
        return TemplateResponse(request, "admin/annotations/study/step.html", context, status=status)

    def export_view(self, request: HttpRequest, study_id: int) -> HttpResponse:
        """Hand out the study's export."""
        study = get_object_or_404(Study, pk=study_id)
        if not self.has_view_permission(request, study):
            raise Http404
        return study_download(study)  # type: ignore[return-value]  # a FileResponse is an HttpResponse to Django


def _is_draft(study: Study | None) -> bool:
    return study is None or study.state == StudyState.DRAFT


def _counted(rows: QuerySet[Any], by: str) -> Any:
    return Coalesce(Subquery(rows.values(by).annotate(n=Count("pk")).values("n")), 0)


def _page_of(study: Study) -> str:
    return reverse("admin:annotations_study_change", args=[study.pk])
