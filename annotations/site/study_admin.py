"""Studies: set up as a draft, opened, watched from the overview, closed, exported."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import NON_FIELD_ERRORS, BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone

from annotations.base.service_errors import ServiceError, StudyNotReady
from annotations.models import Audience, Study, StudyState
from annotations.monitoring.study_people import people_of
from annotations.pages.form_errors import linked_errors
from annotations.pages.list_columns import column, marked_state
from annotations.pages.read_only import TitledList
from annotations.pages.study_pages import page_urls, show_page
from annotations.pages.study_scoped import StudyScoped
from annotations.site import study_overview
from annotations.site.study_overview import STEPS
from annotations.site.study_registry import PAGES
from annotations.staff import roles
from annotations.studies import lifecycle
from annotations.studies.lifecycle import StaleDraft
from annotations.studies.preflight.pay_checks import low_pay
from annotations.studies.preflight.preflight_report import not_right
from annotations.studies.staff_pages import class_ranking_page as class_ranking
from annotations.studies.staff_pages import new_study_page as new_study
from annotations.studies.staff_pages.study_forms import MAX_ON_FORM, ConditionInline, StudyForm, TaskInline
from annotations.studies.staff_pages.study_sections import (
    FIELDSETS,
    SECTIONS,
    fieldsets_for_analysts,
)
from annotations.studies.study_progress import with_counts


@admin.register(Study)
class StudyAdmin(TitledList, StudyScoped):
    form = StudyForm
    inlines = (TaskInline, ConditionInline)
    list_display = ("title", "state_mark", "audience", "people", "finished", "phrases", "runs", "opened_at")
    list_filter = ("state", "audience")
    search_fields = ("title", "slug")
    views = {"ranking": "ranking/<int:model_id>/", "step": "<int:pk>/step/<slug:name>/"}
    ranking_view = staticmethod(class_ranking.page)
    state_mark = column("state", marked_state, ordering="state")
    people = column("entered", "n_sessions", ordering="n_sessions")
    finished = column("finished", "n_finished", ordering="n_finished")
    phrases = column("phrases", "n_phrases", ordering="n_phrases")
    runs = column("retrainings", "n_runs", ordering="n_runs")

    # -- The list ------------------------------------------------------------------------------------------------------
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return _List

    # -- The form ------------------------------------------------------------------------------------------------------
    def get_fieldsets(self, request: HttpRequest, obj: Study | None = None) -> Any:
        """Show codes to those who run the study, not to those who analyse it."""
        sees_all = obj is not None and roles.may(request.user, "coordinate", obj)
        return FIELDSETS if sees_all else fieldsets_for_analysts()

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Tell the form whose it is: who saved last may be the same person, in another tab."""
        form: Any = super().get_form(request, *args, **kwargs)
        form.saver = request.user.get_username()
        return form

    def get_inlines(self, request: HttpRequest, obj: Study | None) -> Any:
        """Leave the tasks out where a form cannot hold so many (another page lists them), unless the form sent some."""
        many = obj is not None and obj.tasks.count() > MAX_ON_FORM and "tasks-TOTAL_FORMS" not in request.POST
        return [inline for inline in self.inlines if not (many and inline is TaskInline)]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return roles.may_set_up(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        if obj is None:  # on the start page, whether the person changes studies at all
            return roles.may_set_up(request.user)
        return is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return is_draft(obj) and super().has_delete_permission(request, obj)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Ask for six fields. The draft has all others."""
        return new_study.page(request)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show the overview at the study's own address; its set-up, a page of its own, sends its form there too."""
        if request.method in ("GET", "HEAD"):
            return study_overview.page(request, self.get_object(request, object_id))
        return super().change_view(request, object_id, form_url, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """Refuse Django's "save as new", of which this form knows nothing: a page of its own clones a study."""
        if "_saveasnew" in request.POST:
            raise BadRequest("a study is cloned on a page of its own")
        return super().changeform_view(request, *args, **options)

    def set_up(self, request: HttpRequest, study: Study) -> HttpResponse:
        """Show the set-up, as a form while the study is a draft."""
        return super().change_view(request, str(study.pk))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        study = context["original"]
        context |= {"study": study, "title": "What people see and get", "subtitle": None}
        context |= {"configuration": study.configurations.order_by("version").last()}
        form, formsets = context["adminform"].form, [inline.formset for inline in context["inline_admin_formsets"]]
        is_stale = form.has_error(NON_FIELD_ERRORS, StaleDraft.code)
        errors = linked_errors(form, [] if is_stale else formsets) if context["errors"] else []
        context |= {"linked_errors": errors, "is_stale": is_stale, "errors": [] if is_stale else context["errors"]}
        pairs = zip(context["adminform"], SECTIONS, strict=True)
        context["sections"] = [(fieldset, section.key, section.present(study)) for fieldset, section in pairs]
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        response = super().render_change_form(request, context, *args, **kwargs)
        response.status_code = StaleDraft.status if is_stale else response.status_code
        return response

    def save_model(self, request: HttpRequest, obj: Study, form: Any, change: bool) -> None:
        """Store the study, as the next revision of the draft that the form has locked."""
        lifecycle.revise(obj, by=request.user.get_username())
        super().save_model(request, obj, form, change)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """A draft that was rehearsed is deleted after what rehearsals left: say so, instead of listing each row."""
        study = self.get_object(request, object_id)
        if study.state == StudyState.DRAFT and study.configurations.exists():
            self.message_user(request, "Discard what previews and rehearsals left first.", messages.WARNING)
            return HttpResponseRedirect(reverse("admin:annotations_study_rehearsal", args=[study.pk]))
        return super().delete_view(request, object_id, {"subtitle": study, **(extra_context or {})})

    def response_change(self, request: HttpRequest, obj: Study) -> HttpResponse:
        """Go to the study's page instead of the list: that is where it is opened."""
        self.message_user(request, "The draft is stored. Open it when it is complete.", messages.SUCCESS)
        for warning in low_pay(obj):
            self.message_user(request, warning, messages.WARNING)
        return HttpResponseRedirect(_page_of(obj))

    # -- Acts and export -----------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        return [*page_urls(self, PAGES), *super().get_urls()]

    def step_view(self, request: HttpRequest, study: Study, name: str) -> HttpResponse:
        """GET asks for confirmation and says what will happen; POST does it, or says why not."""
        step = STEPS.get(name)
        if step is None or not roles.may(request.user, "coordinate", study):
            raise Http404
        refusal: list[str] = []
        if request.method == "POST":
            there = {"on_prolific": True} if step.there and "on_prolific" in request.POST else {}
            try:
                step.act(study, by=request.user.get_username(), **there)
            except ServiceError as error:
                refusal = error.reasons if isinstance(error, StudyNotReady) else [error.message]
            else:
                self.message_user(request, step.done, messages.SUCCESS)
                return HttpResponseRedirect(_page_of(study))
        return show_page(
            request,
            study,
            "step",
            step.button,
            status=409 if refusal else 200,
            step=step,
            refusal=refusal,
            n_inside=people_of(study, timezone.now()).inside if name == "close" else 0,
            is_on_prolific=study.audience == Audience.CROWD,
            can_ask_prolific=bool(settings.PROLIFIC_TOKEN and study.external_study_id),
            **({**study_overview.facts(study), "worth": not_right(study)} if name == "open" else {}),
        )


def is_draft(study: Study | None) -> bool:
    """Say whether the form may be filled in: for a new study, and for a draft."""
    return study is None or study.state == StudyState.DRAFT


class _List(ChangeList):
    def get_queryset(self, *args: Any, **kwargs: Any) -> QuerySet[Study]:
        self.root_queryset = with_counts(self.root_queryset)
        return super().get_queryset(*args, **kwargs)


def _page_of(study: Study) -> str:
    return reverse("admin:annotations_study_change", args=[study.pk])
