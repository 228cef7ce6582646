"""Visits, assignments, phrases and the event log, read-only and under pseudonyms."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotations.models import AnnotationSession, Assignment, Event, Phrase, Run, Score
from annotations.models.arrays import without_arrays
from annotations.pages.list_columns import column
from annotations.pages.number_formats import NONE, percent, score, similarity
from annotations.pages.read_only import OF_WHOM, WHOSE_VISIT, ReadOnlyAdmin, ReadOnlyRows
from annotations.studies.study_progress import number_of
from annotations.visits.staff_pages.seen_screens import FirstScreen, Screens
from clarify_errors.arrays.common.counted_words import counted

_HOW_GOOD = ("error_score", "null_level", "p_value", "threshold", "two_sided", "direction")
_OF_SCORE = (*_HOW_GOOD, "rendered_text", "encoder", "scored_at")


class AssignmentRows(ReadOnlyRows):
    model = Assignment
    fields = ("position", "task", "state", "started_at", "deadline_at", "ended_at", "end_reason", "note")


class PhraseRows(ReadOnlyRows):
    model = Phrase
    fields = readonly_fields = ("ordinal", "text", "state", "error_score", "submitted_at")
    error_score = column("error score", lambda phrase: score(phrase.score.value))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return without_arrays(super().get_queryset(request).select_related("score"))


@admin.register(AnnotationSession)
class SessionAdmin(Screens):
    list_title = "People"
    list_display = ("participant", "study", "kind", "condition", "stage", "phrases", "created_at")
    list_filter = ("study", "kind", "verification", "stage", "is_late")
    search_fields = ("submission_key", "participant__pseudonym")
    list_select_related = ("participant", "study", "condition")
    readonly_fields = ("screens",)
    inlines = (AssignmentRows,)
    phrases = column("phrases", "n_phrases", ordering="n_phrases")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        phrases = Phrase.objects.filter(assignment__session=OuterRef("pk"))
        sessions: QuerySet[Any] = (
            super().get_queryset(request).annotate(n_phrases=number_of(phrases, "assignment__session"))
        )
        return sessions


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ("session", "visit", "task", "state", "started_at", "deadline_at", "ended_at", "end_reason")
    list_filter = ("session__study", "session__kind", "state", "end_reason")
    search_fields = ("session__participant__pseudonym", "session__submission_key")
    list_select_related = ("session__participant", "session__study", "task__study")
    visit = WHOSE_VISIT
    inlines = (PhraseRows,)


@admin.register(Phrase)
class PhraseAdmin(FirstScreen):
    related = ("score__run",)
    list_display = ("phrase", *OF_WHOM, "error_score", "threshold", "state", "result", "submitted_at")
    list_filter = ("assignment__session__study", "assignment__session__kind", "state")
    search_fields = ("text", "assignment__session__participant__pseudonym")
    ordering = ("-submitted_at",)
    fieldsets = (
        (None, {"fields": ("text", "participant", "study", "assignment", "ordinal", "submitted_at", "screen")}),
        ("Score", {"fields": ("state", *_OF_SCORE)}),
        ("Retraining", {"fields": ("result",)}),
        ("Work", {"fields": ("attempts", "last_error"), "classes": ("collapse",)}),
    )
    readonly_fields = ("participant", "study", "screen", *_OF_SCORE, "result")
    phrase = column("phrase", lambda phrase: format_html("<bdi>{}</bdi>", phrase.text), ordering="text")
    # Before a phrase is scored these are empty: Django takes a row that is not there so.
    error_score = column("error score", lambda phrase: score(phrase.score.value), ordering="score__value")
    two_sided = column("two-sided", lambda phrase: score(phrase.score.two_sided))
    threshold = column("threshold τ", lambda phrase: similarity(phrase.score.threshold), ordering="score__threshold")
    null_level = column("permutation level", lambda phrase: _null_level(phrase.score))
    p_value = column("p-value of this phrase alone", lambda phrase: _p_value(phrase.score))
    direction = column(
        "direction", lambda phrase: f"{'without' if phrase.score.sign < 0 else 'with'} “{phrase.score.subject}”"
    )
    rendered_text = column("embedded as", "score.rendered_text")
    encoder = column("encoder", "score.encoder")
    scored_at = column("scored at", "score.scored_at")
    result = column(
        "after retraining", lambda phrase: _result(phrase.score.run), ordering="score__run__worst_group_accuracy"
    )


def _null_level(of: Score) -> str:
    return NONE if of.null_level is None else f"{score(of.null_level)} in {counted(of.tries or 0, 'try', 'tries')}"


def _p_value(of: Score) -> str:
    return NONE if of.p_value is None else f"{of.p_value:.2g} ({of.p_method})"


def _result(run: Run | None) -> str | SafeString:
    if run is None:
        return NONE
    words = run.get_state_display() if run.worst_group_accuracy is None else percent(run.worst_group_accuracy)
    return format_html('<a href="{}">{}</a>', reverse("admin:annotations_run_change", args=[run.pk]), words)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("occurred_at", "study", "kind", "session", "visit", "payload")
    list_filter = ("study", "kind")
    list_select_related = ("study", "session__participant")
    visit = WHOSE_VISIT
    ordering = ("-id",)
    date_hierarchy = "occurred_at"
