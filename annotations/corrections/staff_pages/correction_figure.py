"""The figure that heads a correction: what its words are worth, and images that it newly gets right and wrong."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.corrections.correction_effects import AFTER, BEFORE, CONTROL, SET_NAMES
from annotations.corrections.correction_reports import Line
from annotations.models import Correction
from annotations.pages.number_formats import points_within
from annotations.pages.worth_figure import Bar, GroupLine, Worth
from annotations.results.staff_pages.group_images_page import corrected_images
from clarify_errors.arrays.common.modeling_errors import ModelingError

_GROUPS, _PICTURES = 8, 6  # shown: the groups that change most; images of each kind


def worth_figure(report: Mapping[str, Any]) -> Worth | None:
    """Return the figure of a report; None without test images, or where an earlier version trained no control."""
    change, correction = report["headline"], report["correction"]
    if change is None or change.control is None:
        return None
    base_model, groups = correction.base_model, dict(report["groups"])[SET_NAMES["test"]]
    most = sorted(groups, key=lambda line: -abs(line[1][0].own_gain or 0.0))
    as_it_is = "as it is" if base_model.has_head else "as imported"
    labels = {BEFORE: as_it_is.capitalize(), CONTROL: "Retrained without words", AFTER: "… with words"}

    def bar(model: str) -> Bar:
        worst = min(groups, key=lambda line: getattr(line[1][0], model))[0]
        share = getattr(change, model)
        return Bar(labels[model], share, worst, _images(correction, worst), is_words=model == AFTER)

    return Worth(
        sentence=f"The correction has an own gain of {points_within(change.own_gain, change.over_control)} points. "
        f"Compared with {base_model.reference_name}, its worst-group accuracy on test gains "
        f"{points_within(change.difference, change.over_before)}.",
        base_name=as_it_is,
        bars=[bar(model) for model in labels],
        gain=f"own gain {points_within(change.own_gain, change.over_control)}",
        groups=[_line(correction, line) for line in most[:_GROUPS]],
        over="other test images",
    )


def changed_images(owner: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return images that became right, of the group that gains most, and wrong, of the one that loses most.

    newly: of each the group's name, its address and a `Kind`; failure: why there are none.
    """
    correction, groups = report["correction"], dict(report["groups"])[SET_NAMES["test"]]
    gained = [name for name, _ in sorted(groups, key=lambda line: line[1][0].difference)]
    try:
        right, _ = corrected_images(owner, correction, gained[-1], _PICTURES)[:2]
        _, wrong = corrected_images(owner, correction, gained[0], _PICTURES)[:2]
    except (ModelingError, OSError) as error:
        return {"failure": str(error)}
    return {"newly": [(name, _images(correction, name), of) for name, of in ((gained[-1], right), (gained[0], wrong))]}


def _line(correction: Correction, line: Line) -> GroupLine:
    name, (of,) = line
    assert of.control is not None and of.after is not None and of.n, "the caller has looked"
    ends = wilson_interval(round(of.after * of.n), of.n)
    return GroupLine(name, of.before, of.control, of.after, ends, _images(correction, name))


def _images(correction: Correction, group: str) -> str:
    page = reverse("admin:annotations_study_group_images", args=[correction.study_id])
    return f"{page}?{urlencode({'correction': str(correction.pk), 'group': group})}"
