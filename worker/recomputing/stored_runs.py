"""Stored runs, trained again, and the random slices that they are judged beside."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel, RandomSlices, Run, RunState, Scheme, StudyConfiguration
from annotations.models.arrays import unpack_int32
from annotations.services.retraining.controls import ControlKey
from annotations.services.retraining.random_slices import SliceKey
from annotations.services.retraining.runs import annotation_digest
from modeling.arrays.common.modeling_errors import ModelingError, SliceTooSmall
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.retraining.heads import Head
from worker.datasets.head_training import ClassSlices, MeasuredHead, TrainedHead, Weighed, train_and_measure, weigh
from worker.recomputing.differences import (
    NUMBER_ROUNDING,
    Difference,
    differing_arrays,
    differing_numbers,
    differing_values,
    listed,
)
from worker.retraining import controls, random_slices

HAS_RESULT = (RunState.DONE, RunState.REFUSED)
_FLOAT32_ROUNDING = 1e-6


class NoScore(ModelingError):
    """A run is nobody's: the score with its text embedding is gone."""


def run_differences(base_model: BaseModel, runs: Sequence[Run]) -> list[list[Difference]]:
    """Train runs of a base model and their controls again, all at once; return where each run comes out differently.

    Each run is in a state of HAS_RESULT. A head may differ from the stored one as far as both certificates allow.
    """
    try:
        weighed = [_weighed(run) for run in runs]
        weights = [each.weights for each in weighed if isinstance(each, Weighed)]
        keys = sorted({ControlKey.of(run) for run in runs if run.control is not None})
        weights += [controls.weights_of(base_model.dataset, key) for key in keys]
        heads = train_and_measure(base_model.dataset, base_model.l2, weights) if weights else []
        again = dict(zip(keys, heads[len(heads) - len(keys) :], strict=True))
        of_runs = iter(heads)
        return [
            [*_differences(run, each, of_runs), *_of_control(run, again)]
            for run, each in zip(runs, weighed, strict=True)
        ]
    except ModelingError as error:
        if len(runs) > 1:  # one by one, so that what is wrong with one is said of that one alone
            return [differences for run in runs for differences in run_differences(base_model, [run])]
        return [[Difference("run", runs[0].state, f"cannot be recomputed: {error}")]]


def random_slice_differences(draws: RandomSlices) -> list[Difference]:
    """Train a set of draws again, score it under each base model that has scores, and return what differs."""
    return listed(_of_random_slices(draws), "worst_groups", f"{len(draws.worst_groups)} of them")


def _of_random_slices(draws: RandomSlices) -> Iterator[Difference]:
    key = SliceKey(draws.target_class, draws.n_above, draws.scheme)
    yield from differing_values("seed", draws.seed, key.seed(draws.dataset.digest))
    again = np.array(random_slices.worst_groups(draws.dataset, key, draws.l2))
    yield from differing_arrays("worst_groups", np.array(draws.worst_groups), again, NUMBER_ROUNDING)
    for scored in draws.scores.select_related("base_model__dataset"):
        name, again = f"scores under {scored.base_model.name}", np.array(random_slices.scores(scored.base_model, key))
        yield from differing_arrays(name, np.array(scored.values), again, NUMBER_ROUNDING)


def _weighed(run: Run) -> Weighed | SliceTooSmall | None:
    """What training would take, or why it is refused: a slice is too small, or there is no threshold or no feature."""
    if run.threshold is None or "features" not in run.base_model.dataset.files.manifest.arrays:
        return None
    if run.annotation is None:
        raise NoScore("it has no score, so its text embedding is not known")
    try:
        return weigh(run)
    except SliceTooSmall as error:
        return error


def _differences(
    run: Run, weighed: Weighed | SliceTooSmall | None, heads: Iterator[MeasuredHead]
) -> Iterator[Difference]:
    yield from _annotation(run)
    if isinstance(weighed, Weighed):
        yield from _done(run, weighed.slices, next(heads))
        return
    yield from differing_values("state", run.state, RunState.REFUSED.value)
    if weighed is not None:
        yield from _slice_sizes(run, weighed)


def _of_control(run: Run, again: Mapping[ControlKey, MeasuredHead]) -> Iterator[Difference]:
    if run.control is not None:
        measured = again[ControlKey.of(run)]
        stored = unpack_int32(run.control.test_predictions)
        yield from _predictions("test_predictions of the control", stored, measured.test_predictions)
        yield from differing_numbers(
            "control_worst_group", run.control.worst_group_accuracy, measured.metrics.worst_group
        )


def _slice_sizes(run: Run, again: ClassSlices | SliceTooSmall) -> Iterator[Difference]:
    yield from differing_values("n_above", run.n_above, again.n_above)
    yield from differing_values("n_below", run.n_below, again.n_below)


def _done(run: Run, slices: ClassSlices, measured: MeasuredHead) -> Iterator[Difference]:
    trained = measured.trained
    yield from differing_values("state", run.state, RunState.DONE.value)
    yield from _slice_sizes(run, slices)
    if run.state != RunState.DONE:
        return
    assert run.loss is not None and run.certified_gap is not None, "a run that is done has its loss and its gap"
    uncertain = run.certified_gap + trained.certified_gap + NUMBER_ROUNDING
    yield from differing_numbers("loss", run.loss, trained.loss, uncertain)
    yield from _head(run, trained)
    yield from _on_test(run, measured)


def _annotation(run: Run) -> Iterator[Difference]:
    """The run beside the scores that it belongs to."""
    automatic = [(score, score.threshold) for score in run.scores.all()]
    chosen = [(choice.phrase.score, choice.threshold) for choice in run.threshold_choices.all()]
    for score, threshold in automatic + chosen:
        digest = annotation_digest(run.target_class, score.text_digest, threshold, run.scheme, score.sign)
        yield from differing_values("annotation_digest", run.annotation_digest, digest)
        yield from differing_values("threshold", run.threshold, threshold)
        yield from differing_values("sign", run.sign, score.sign)
    yield from differing_values("l2", run.l2, run.base_model.l2)
    frozen = StudyConfiguration.objects.values_list("data__study__scheme", flat=True)
    scheme = frozen.get(pk=run.assignment.session.configuration_id)  # None: before studies chose it
    yield from differing_values("scheme", run.scheme, scheme or Scheme.CLASS_EQUAL.value)


def _head(run: Run, trained: TrainedHead) -> Iterator[Difference]:
    """The stored weights beside the new ones: F(W) - F* ≥ λ/2 ‖W - W*‖², so a certificate bounds the distance too."""
    assert run.head is not None and run.certified_gap is not None, "a run that is done has its head and its gap"
    stored, again = Head.from_bytes(bytes(run.head)), trained.head
    if stored.coef.shape != again.coef.shape:
        yield Difference("head", f"of shape {list(stored.coef.shape)}", f"of shape {list(again.coef.shape)}")
        return
    distance = float(np.linalg.norm(_weights(stored) - _weights(again)))
    radii = np.sqrt(2 * run.certified_gap / run.l2) + np.sqrt(2 * trained.certified_gap / run.l2)
    if not distance <= radii + _FLOAT32_ROUNDING * (1 + np.linalg.norm(_weights(again))):
        yield Difference("head", "its weights", f"weights at a distance of {distance:.2e}, certified to {radii:.2e}")
    of_stored, of_again = stored.standardization, again.standardization
    yield from differing_arrays("feature_mean", of_stored.mean, of_again.mean, _FLOAT32_ROUNDING)
    yield from differing_arrays("feature_deviation", of_stored.deviation, of_again.deviation, _FLOAT32_ROUNDING)


def _weights(head: Head) -> NDArray[np.float64]:
    """[C, d + 1], the bias last."""
    return np.column_stack([head.coef, head.intercept]).astype(np.float64)


def _on_test(run: Run, measured: MeasuredHead) -> Iterator[Difference]:
    assert run.head is not None and run.test_predictions is not None, "a run that is done has both"
    stored = unpack_int32(run.test_predictions)
    files = run.base_model.dataset.files
    by_stored_head = Head.from_bytes(bytes(run.head)).predict(files.array("features")[files.rows(Split.TEST)])
    yield from _predictions("test_predictions of the stored head", stored, by_stored_head)
    yield from _predictions("test_predictions", stored, measured.test_predictions)
    metrics = measured.metrics
    yield from differing_numbers("worst_group_accuracy", run.worst_group_accuracy, metrics.worst_group)
    yield from differing_numbers("average_accuracy", run.average_accuracy, metrics.average)
    yield from differing_numbers("plain_average_accuracy", run.plain_average_accuracy, metrics.average_plain)
    yield from differing_numbers("robustness_gap", run.robustness_gap, metrics.gap)
    yield from differing_values("group_accuracies", run.group_accuracies, list(metrics.accuracies))


def _predictions(name: str, stored: NDArray[np.int32], again: NDArray[np.int64]) -> Iterator[Difference]:
    if stored.shape != again.shape:
        yield Difference(name, f"{len(stored)} of them", f"{len(again)} of them")
    elif (stored != again).any():
        yield Difference(
            name, "its classes", f"another class for {int((stored != again).sum())} of {len(stored)} images"
        )
