"""Visits, assignments, phrases and the event log, read-only and under pseudonyms."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotations.admin.common.list_columns import column
from annotations.admin.common.number_formats import NONE, percent, score
from annotations.admin.common.read_only import ReadOnlyAdmin, ReadOnlyOfAssignments, ReadOnlyRows
from annotations.admin.visits.screens import FirstScreen, Screens
from annotations.models import AnnotationSession, Assignment, Event, Phrase
from annotations.models.arrays import without_arrays

_SCORE_FIELDS = (
    "error_score",
    "null_level",
    "p_value",
    "threshold",
    "two_sided",
    "direction",
    "rendered_text",
    "encoder",
    "scored_at",
)


class AssignmentRows(ReadOnlyRows):
    model = Assignment
    fields = ("position", "task", "state", "started_at", "deadline_at", "ended_at", "end_reason", "note")


class PhraseRows(ReadOnlyRows):
    model = Phrase
    fields = readonly_fields = ("ordinal", "text", "state", "error_score", "submitted_at")
    error_score = column("error score", lambda phrase: score(_of_score(phrase, "value")))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return without_arrays(super().get_queryset(request).select_related("score"))


@admin.register(AnnotationSession)
class SessionAdmin(Screens, ReadOnlyAdmin):
    list_title = "People"
    list_display = ("participant", "study", "kind", "condition", "stage", "phrases", "created_at")
    list_filter = ("study", "kind", "verification", "stage", "is_late")
    search_fields = ("submission_key", "participant__pseudonym")
    list_select_related = ("participant", "study", "condition")
    readonly_fields = ("screens",)
    inlines = (AssignmentRows,)
    phrases = column("phrases", "n_phrases", ordering="n_phrases")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        sessions: QuerySet[Any] = super().get_queryset(request).annotate(n_phrases=Count("assignments__phrases"))
        return sessions


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ("session", "task", "state", "started_at", "deadline_at", "ended_at", "end_reason")
    list_filter = ("session__study", "session__kind", "state", "end_reason")
    search_fields = ("session__participant__pseudonym", "session__submission_key")
    list_select_related = ("session__participant", "session__study", "task__study")
    inlines = (PhraseRows,)


@admin.register(Phrase)
class PhraseAdmin(FirstScreen, ReadOnlyOfAssignments):
    related = ("score__run",)
    list_display = ("phrase", "participant", "study", "error_score", "threshold", "state", "result", "submitted_at")
    list_filter = ("assignment__session__study", "assignment__session__kind", "state")
    search_fields = ("text", "assignment__session__participant__pseudonym")
    ordering = ("-submitted_at",)
    fieldsets = (
        (None, {"fields": ("text", "participant", "study", "assignment", "ordinal", "submitted_at", "screen")}),
        ("Score", {"fields": ("state", *_SCORE_FIELDS)}),
        ("Retraining", {"fields": ("result",)}),
        ("Work", {"fields": ("attempts", "last_error"), "classes": ("collapse",)}),
    )
    readonly_fields = ("participant", "study", "screen", *_SCORE_FIELDS, "result")
    phrase = column("phrase", lambda phrase: format_html("<bdi>{}</bdi>", phrase.text), ordering="text")
    error_score = column("error score", lambda phrase: score(_of_score(phrase, "value")), ordering="score__value")
    two_sided = column("two-sided", lambda phrase: score(_of_score(phrase, "two_sided")))
    rendered_text = column("embedded as", lambda phrase: _of_score(phrase, "rendered_text") or NONE)
    encoder = column("encoder", lambda phrase: _of_score(phrase, "encoder") or NONE)
    scored_at = column("scored at", lambda phrase: _of_score(phrase, "scored_at"))

    @admin.display(description="threshold τ", ordering="score__threshold")
    def threshold(self, phrase: Phrase) -> str:
        value = _of_score(phrase, "threshold")
        return NONE if value is None else f"{value:.4f}"

    @admin.display(description="permutation level")
    def null_level(self, phrase: Phrase) -> str:
        level, tries = _of_score(phrase, "null_level"), _of_score(phrase, "tries")
        return NONE if level is None else f"{score(level)} in {tries} {'try' if tries == 1 else 'tries'}"

    @admin.display(description="p-value of this phrase alone")
    def p_value(self, phrase: Phrase) -> str:
        value = _of_score(phrase, "p_value")
        return NONE if value is None else f"{value:.2g} ({_of_score(phrase, 'p_method')})"

    @admin.display(description="direction")
    def direction(self, phrase: Phrase) -> str:
        sign = _of_score(phrase, "sign")
        return NONE if sign is None else f"{'without' if sign < 0 else 'with'} “{phrase.score.subject}”"

    @admin.display(description="after retraining", ordering="score__run__worst_group_accuracy")
    def result(self, phrase: Phrase) -> str | SafeString:
        run = _of_score(phrase, "run")
        if run is None:
            return NONE
        words = percent(run.worst_group_accuracy) if run.worst_group_accuracy is not None else run.get_state_display()
        return format_html('<a href="{}">{}</a>', reverse("admin:annotations_run_change", args=[run.pk]), words)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("occurred_at", "study", "kind", "session", "payload")
    list_filter = ("study", "kind")
    list_select_related = ("study", "session__participant")
    ordering = ("-id",)
    date_hierarchy = "occurred_at"


def _of_score(phrase: Phrase, attribute: str) -> Any:
    """A field of the phrase's score; None before it is scored."""
    return getattr(phrase.score, attribute) if hasattr(phrase, "score") else None
