"""Accuracies of models on the parts of annotated classes, their means and gains, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.base.tables.columns import Table, worded
from annotations.corrections.correction_effects import AFTER, BEFORE, CONTROL
from clarify_errors.arrays.retraining.group_accuracies import group_shares
from clarify_errors.arrays.retraining.group_resampling import percentile_interval, resampled_accuracies
from clarify_errors.arrays.retraining.random_slices import percentile_among
from worker.research.class_reports.compared_models import CONTROL_OF, GROUPS, MODELS, RANDOM, MeasuredSet

SEED = 7  # of the resamples
OVERALL, MINORITY, MAJORITY, CLASS = "overall", "minority", "majority", "class"


@dataclass(frozen=True)
class Interval:
    """A value with its 95% interval; None where there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class PartAccuracy:
    """The accuracy of a model on a part of a class, with Wilson's interval."""

    set: str
    dataset: str
    division: str
    model: str
    class_name: str
    part: str
    n: int
    accuracy: Interval


@dataclass(frozen=True)
class MeanAccuracy:
    """The accuracy of a model on all images, or its mean over annotated classes on one of their parts.

    gain: less the base model's; own_gain: less that of the same retraining without phrases; percentile: of the accuracy
    among models of random slices, whose own row has their mean and the middle 95% of them.
    """

    set: str
    dataset: str
    division: str
    model: str
    part: str
    n_classes: int
    n: int
    accuracy: Interval
    gain: Interval = Interval()
    own_gain: Interval = Interval()
    percentile: float | None = None


def part_accuracies(measured: MeasuredSet, class_names: Sequence[str]) -> Iterator[PartAccuracy]:
    """Yield what each model does on each part of each annotated class that has images, by division, then class."""
    for division, above in measured.above.items():
        for label, members in sorted(above.items()):
            of_class = measured.labels == label
            for part, images in ((CLASS, of_class), (MINORITY, members), (MAJORITY, of_class & ~members)):
                for model in _models(measured, division):
                    n, n_right = int(images.sum()), int(measured.right[model][images].sum())
                    if n:
                        accuracy = Interval(n_right / n, *(wilson_interval(n_right, n) or ()))
                        named = (measured.name, measured.dataset, division, model, class_names[label])
                        yield PartAccuracy(*named, part, n, accuracy)


def mean_accuracies(measured: MeasuredSet) -> Iterator[MeanAccuracy]:
    """Yield the mean accuracies and gains of each model, by division, then part.

    Intervals are percentiles of RESAMPLES: images are drawn anew within each part of each class, the same ones for all
    models, which stay as they are.
    """
    for division, above in measured.above.items():
        models = _models(measured, division)
        right = np.stack([measured.right[model] for model in models])
        ids, strata, counts = np.unique(_strata(measured.labels, above), return_inverse=True, return_counts=True)
        drawn, exact = resampled_accuracies(right, strata, seed=SEED), _by_stratum(right, strata, len(ids))
        random = _by_stratum(measured.random(), strata, len(ids))
        annotated, is_above = np.isin(ids // 2, list(above)), ids % 2 == 1
        for part, counted in ((OVERALL, counts), (MINORITY, annotated & is_above), (MAJORITY, annotated & ~is_above)):
            if not counted.any():
                continue
            mean = counted / counted.sum()  # all images count alike in the one, and all classes in the others
            n_classes = len(np.unique(ids[counted > 0] // 2))
            named = (measured.name, measured.dataset, division)
            sizes = (part, n_classes, int(counts[counted > 0].sum()))
            values = {model: (float(exact[i] @ mean), drawn[i] @ mean) for i, model in enumerate(models)}
            others = random @ mean
            for model, (value, draws) in values.items():
                yield MeanAccuracy(
                    *named,
                    model,
                    *sizes,
                    _interval(value, draws),
                    gain=_less(values, model, BEFORE),
                    own_gain=_less(values, model, CONTROL_OF.get(model)),
                    percentile=percentile_among(value, others) if model in (AFTER, GROUPS) else None,
                )
            if AFTER in models:
                spread, gain, own_gain = (
                    _interval(float(np.mean(draws)), draws)
                    for draws in (others, others - values[BEFORE][0], others - values[CONTROL][0])
                )
                yield MeanAccuracy(*named, RANDOM, *sizes, spread, gain, own_gain)


def _models(measured: MeasuredSet, division: str) -> list[str]:
    return [model for model in MODELS[division] if model in measured.right]


def _strata(labels: NDArray[np.integer], above: Mapping[int, NDArray[np.bool_]]) -> NDArray[np.int64]:
    """Number the part of its class that each image is in: 2 * label, one more in the minority."""
    ids = 2 * labels.astype(np.int64)
    for members in above.values():
        ids += members
    return ids


def _by_stratum(right: NDArray[np.bool_], strata: NDArray[np.int64], n_strata: int) -> NDArray[np.float64]:
    return np.stack([group_shares(row, strata, n_strata) for row in right])


def _less(values: Mapping[str, tuple[float, NDArray[np.float64]]], model: str, other: str | None) -> Interval:
    if other is None or model == other:
        return Interval()
    (value, draws), (less, its_draws) = values[model], values[other]
    return _interval(value - less, draws - its_draws)


def _interval(value: float, draws: NDArray[np.float64]) -> Interval:
    return Interval(value, *percentile_interval(draws))


PART_ACCURACIES: Table[PartAccuracy] = worded(__package__, "class_accuracies", values={"division": MODELS})
MEAN_ACCURACIES: Table[MeanAccuracy] = worded(__package__, "mean_accuracies", values={"division": MODELS})
