"""Runs: what retraining reached, beside the base model and the control, with the head to download."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html

from annotations.models import Control, Run, RunState
from annotations.models.moderated_words import is_excluded
from annotations.pages.form_errors import RefusalsShown
from annotations.pages.list_columns import column, marked_state
from annotations.pages.number_formats import percent, points, points_within, similarity
from annotations.pages.read_only import ReadOnlyOfAssignments
from annotations.pages.study_pages import ZIP, file_answer
from annotations.pages.terms import TERMS, Definitions
from annotations.pools.gathering_tables import slice_checks
from annotations.runs.head_files import head_zip
from clarify_errors.arrays.retraining.control import own_gain
from clarify_errors.arrays.retraining.own_gain_intervals import WHY, tied_counts, tied_note


@admin.register(Run)
class RunAdmin(ReadOnlyOfAssignments):
    related = ("base_model__dataset", "control", "random_slices")
    views = {"head": "<int:pk>/head/"}
    list_title = "Retrainings with a phrase"
    list_help = f"Each percentage: how much of a model’s worst group of test images is right. {TERMS['worst group']}"
    _compared = ("own_gain", "worst_group", "control_worst_group", "base_worst_group")
    list_display = ("phrase", "participant", "visit", "study", "state_mark", *_compared)
    list_filter = ("assignment__session__study", "assignment__session__kind", "state")
    search_fields = ("phrase_text", "assignment__session__participant__pseudonym")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("state", "reason", "assignment", "base_model")}),
        ("What it selects", {"fields": ("phrase_text", "class_name", "cut", "n_above", "n_below", "min_slice_size")}),
        ("Training", {"fields": ("scheme", "l2", "loss", "certified_gap", "finished_at")}),
        ("Work", {"fields": ("attempts", "leased_until", "code_version", "versions"), "classes": ("collapse",)}),
    )
    readonly_fields = ("class_name", "cut")
    phrase = column("phrase", lambda run: format_html("<bdi>{}</bdi>", run.phrase_text), ordering="phrase_text")
    class_name = column("class", lambda run: run.base_model.dataset.class_names[run.target_class])
    cut = column("similarity from which on it selects", lambda run: similarity(run.threshold))
    state_mark = column("state", marked_state, ordering="state")
    worst_group = column(
        "with the phrase", lambda run: percent(run.worst_group_accuracy), ordering="worst_group_accuracy"
    )
    base_worst_group = column("before retraining", lambda run: percent(run.base_model.test_metrics["worst_group"]))
    control_worst_group = column(
        "control", lambda run: percent(run.control.worst_group_accuracy if run.control else None)
    )
    own_gain = column("own gain, points", lambda run: points_within(run.own_gain, run.own_gain_interval))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        run = context["original"]
        context["comparisons"] = list(comparisons(run)) if run.state == RunState.DONE else []
        context["defined"] = Definitions().added_to("The first line has the phrase’s own gain.")
        context["is_excluded"] = is_excluded(run)
        context["slice_checks"] = slice_checks(run.assignment.session.study, run)
        context["interval_words"] = interval_words(run)
        context["percentile"] = run.random_slice_percentile
        return super().render_change_form(request, context, *args, **kwargs)

    def head_view(self, request: HttpRequest, run: Run) -> HttpResponse:
        """Hand out the run's head with its model card."""
        with RefusalsShown(request):
            return file_answer(head_zip(run), ZIP, f"clarify-head-{run.public_id}.zip")
        return redirect("admin:annotations_run_change", run.pk)


def comparisons(run: Run) -> Iterator[tuple[str, ...]]:
    """Yield of each measure on test, the worst group first, its name and it as the page shows it.

    Of the base model, the control and the run, then how far the run is above the control and above the base model.
    """
    of_base, dataset = run.base_model.test_metrics, run.base_model.dataset
    names = (
        "Worst-group accuracy",
        "Average accuracy, groups weighted as in train",
        "Average accuracy, images weighted equally",
        "Robustness gap",
        *dataset.group_names,
    )
    bases = (*(of_base[name] for name in ("worst_group", "average", "average_plain", "gap")), *of_base["accuracies"])
    controls = _measures(run.control) if run.control else (None,) * len(names)
    for name, base, control, own in zip(names, bases, controls, _measures(run), strict=False):
        over_control, over_base = (
            None if own is None or less is None else own_gain(own, less) for less in (control, base)
        )
        interval = run.own_gain_interval if name == names[0] else None
        yield (name, *map(percent, (base, control, own)), points_within(over_control, interval), points(over_base))


def interval_words(run: Run) -> str:
    """Say what the interval of a run's own gain allows for, and how the gain is biased, where it is."""
    if run.control is None or run.own_gain_interval is None or run.group_accuracies is None:
        return ""
    counts = run.base_model.test_metrics["counts"]
    tied = tied_counts(run.group_accuracies, run.control.group_accuracies, counts)
    return f"{WHY} {tied_note(tied, 'the run', run.base_model.control_name)}".strip()


def _measures(head: Run | Control) -> tuple[float | None, ...]:
    return (
        head.worst_group_accuracy,
        head.average_accuracy,
        head.plain_average_accuracy,
        head.robustness_gap,
        *(head.group_accuracies or ()),
    )
