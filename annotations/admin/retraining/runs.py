"""Runs: what retraining reached, beside the base model and the control, with the head to download."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotations.admin.common.number_formats import percent, points
from annotations.admin.common.read_only import ReadOnlyOfAssignments
from annotations.admin.common.study_pages import ZIP, file_answer
from annotations.analysis.pools.gathering_tables import slice_checks
from annotations.exports.retraining.head_files import head_zip
from annotations.models import Control, Run, RunState
from annotations.readings.releases.moderated_words import is_excluded
from annotations.services.common.service_errors import ServiceError
from modeling.arrays.datasets.groups import group_names
from modeling.arrays.retraining.control import own_gain


@dataclass(frozen=True)
class Comparison:
    """One measure on test, of the base model, of the control and of the run, ready to show."""

    measure: str
    base: str
    control: str
    run: str
    own_gain: str
    gain: str


@admin.register(Run)
class RunAdmin(ReadOnlyOfAssignments):
    related = ("base_model__dataset", "control", "random_slices")
    list_display = (
        "phrase",
        "participant",
        "study",
        "state_mark",
        "own_gain",
        "worst_group",
        "control_worst_group",
        "base_worst_group",
        "finished_at",
    )
    list_filter = ("assignment__session__study", "state")
    search_fields = ("phrase_text", "assignment__session__participant__pseudonym")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("state", "reason", "assignment", "base_model")}),
        (
            "Annotation",
            {"fields": ("phrase_text", "class_name", "threshold", "n_above", "n_below", "min_slice_size")},
        ),
        (
            "Training",
            {
                "fields": (
                    "scheme",
                    "l2_coefficient",
                    "loss",
                    "certified_gap",
                    "code_version",
                    "versions",
                    "attempts",
                    "leased_until",
                    "finished_at",
                )
            },
        ),
    )
    readonly_fields = ("class_name", "l2_coefficient")

    @admin.display(description="phrase", ordering="phrase_text")
    def phrase(self, run: Run) -> SafeString:
        return format_html("<bdi>{}</bdi>", run.phrase_text)

    @admin.display(description="class")
    def class_name(self, run: Run) -> str:
        return str(run.base_model.dataset.class_names[run.target_class])

    @admin.display(description="L2 coefficient λ")
    def l2_coefficient(self, run: Run) -> float:
        return run.l2

    @admin.display(description="state", ordering="state")
    def state_mark(self, run: Run) -> SafeString:
        return format_html('<span class="mark mark-{}">{}</span>', run.state, run.get_state_display())

    @admin.display(description="worst group", ordering="worst_group_accuracy")
    def worst_group(self, run: Run) -> str:
        return percent(run.worst_group_accuracy)

    @admin.display(description="base model")
    def base_worst_group(self, run: Run) -> str:
        return percent(run.base_model.test_metrics["worst_group"])

    @admin.display(description="without a phrase")
    def control_worst_group(self, run: Run) -> str:
        return percent(run.control.worst_group_accuracy if run.control else None)

    @admin.display(description="own gain, points")
    def own_gain(self, run: Run) -> str:
        return points(run.own_gain)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        run = context["original"]
        context["comparisons"] = comparisons(run) if run.state == RunState.DONE else []
        context["is_excluded"] = is_excluded(run)
        context["slice_checks"] = slice_checks(run.assignment.session.study, run)
        context["percentile"] = run.random_slice_percentile
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        head = path("<int:run_id>/head/", self.admin_site.admin_view(self.head_view), name="annotations_run_head")
        return [head, *super().get_urls()]

    def head_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Hand out the run's head with its model card."""
        run = get_object_or_404(self.get_queryset(request), pk=run_id)
        try:
            data = head_zip(run)
        except ServiceError as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:annotations_run_change", args=[run.pk]))
        return file_answer(data, ZIP, f"clarify-head-{run.public_id}.zip")


def comparisons(run: Run) -> list[Comparison]:
    """Return the run's measures on test beside the base model's and the control's, the worst group first."""
    base, dataset = run.base_model.test_metrics, run.base_model.dataset
    names = (
        "Worst-group accuracy",
        "Average accuracy, groups weighted as in train",
        "Average accuracy, images weighted equally",
        "Robustness gap",
        *group_names(dataset.class_names, dataset.attribute_names),
    )
    of_base = (base["worst_group"], base["average"], base["average_plain"], base["gap"], *base["accuracies"])
    of_control = _measures(run.control) if run.control else (None,) * len(names)
    return [_comparison(*row) for row in zip(names, of_base, of_control, _measures(run), strict=False)]


def _measures(head: Run | Control) -> tuple[float | None, ...]:
    return (
        head.worst_group_accuracy,
        head.average_accuracy,
        head.plain_average_accuracy,
        head.robustness_gap,
        *(head.group_accuracies or ()),
    )


def _comparison(name: str, base: float | None, control: float | None, run: float | None) -> Comparison:
    own, over_base = (None if run is None or less is None else own_gain(run, less) for less in (control, base))
    return Comparison(name, percent(base), percent(control), percent(run), points(own), points(over_base))
