"""Stored runs, trained again, and the random slices that they are judged beside."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from django.db.models import Model
from numpy.typing import NDArray

from annotations.models import BaseModel, RandomSlices, Run, RunState, Scheme, StudyConfiguration
from annotations.models.arrays import unpack_int32
from annotations.runs.controls import ControlKey
from annotations.runs.random_slices import SliceKey
from annotations.runs.retraining import RetrainedHead, TrainingBatch, annotation_digest
from clarify_errors.arrays.common.modeling_errors import ModelingError, SliceTooSmall
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.heads import Head
from worker.datasets.head_training import Weighed, train_and_measure, weigh
from worker.runs import controls, random_slices

# Of vectors of length 1. An encoder's rounding depends on batch and machine, that of a dot product on the machine.
EMBEDDING_ROUNDING = 1e-5
SIMILARITY_ROUNDING = 1e-6
NUMBER_ROUNDING = 1e-9


@dataclass(frozen=True)
class Difference:
    """A field, what is stored in it, and what came out now, in words."""

    field: str
    stored: str
    again: str

    def __str__(self) -> str:
        return f"{self.field}: stored {self.stored}, now {self.again}"


def listed(differences: Iterator[Difference], what: str, stored: str) -> list[Difference]:
    """All of them, or the one that `what` cannot be recomputed."""
    try:
        return list(differences)
    except ModelingError as error:
        return [Difference(what, stored, f"cannot be recomputed: {error}")]


def differing_fields(names: Iterable[str], stored: Model, again: object) -> Iterator[Difference]:
    """Compare fields that must be the same."""
    for name in names:
        yield from differing_values(name, getattr(stored, name), getattr(again, name))


def rounded_fields(roundings: Mapping[str, float], stored: Model, again: object) -> Iterator[Difference]:
    """Compare fields of numbers, each by its own rounding."""
    for name, rounding in roundings.items():
        yield from differing_numbers(name, getattr(stored, name), getattr(again, name), rounding)


def differing_values(name: str, stored: Any, again: Any) -> Iterator[Difference]:
    """Compare two values that must be the same."""
    if stored != again:
        yield Difference(name, repr(stored), repr(again))


def differing_numbers(
    name: str, stored: float | None, again: float | None, rounding: float = NUMBER_ROUNDING
) -> Iterator[Difference]:
    """Compare two numbers that may differ by rounding, or are both not there."""
    if stored is None or again is None or not abs(stored - again) <= rounding:
        yield from differing_values(name, stored, again)


def differing_arrays(
    name: str, stored: NDArray[np.floating], again: NDArray[np.floating], rounding: float
) -> Iterator[Difference]:
    """Compare two arrays whose numbers may differ by rounding; the words name the place where they differ most."""
    if stored.shape != again.shape:
        shapes = (stored.shape, again.shape)
        yield Difference(name, *(f"{n[0]} of them" if len(n) == 1 else f"of shape {list(n)}" for n in shapes))
        return
    distances = np.abs(stored.astype(np.float64) - again)
    if stored.size and not distances.max() <= rounding:  # also where one is not a number
        place = np.unravel_index(int(np.argmax(distances)), stored.shape)
        at = ", ".join(str(int(index)) for index in place)
        yield Difference(f"{name} [{at}]", repr(float(stored[place])), repr(float(again[place])))


HAS_RESULT = (RunState.DONE, RunState.REFUSED)
_FLOAT32_ROUNDING = 1e-6
_MEASURES = dict.fromkeys(
    ("worst_group_accuracy", "average_accuracy", "plain_average_accuracy", "robustness_gap"), NUMBER_ROUNDING
)


class NoScore(ModelingError):
    """A run is nobody's: the score with its text embedding is gone."""


def run_differences(base_model: BaseModel, runs: Sequence[Run]) -> list[list[Difference]]:
    """Train runs of a base model and their controls again, all at once; return where each run comes out differently.

    Each run is in a state of HAS_RESULT. A head may differ from the stored one as far as both certificates allow.
    """
    batch = TrainingBatch.of(runs[0])
    try:
        if any(TrainingBatch.of(run) != batch for run in runs):
            return _one_by_one(base_model, runs)
        weighed = [_weighed(run) for run in runs]
        weights = [each.weights for each in weighed if isinstance(each, Weighed)]
        keys = sorted({ControlKey.of(run) for run in runs if run.control is not None})
        weights += [controls.weights_of(base_model.dataset, key) for key in keys]
        heads = train_and_measure(batch, weights) if weights else []
        again = dict(zip(keys, heads[len(heads) - len(keys) :], strict=True))
        of_runs = iter(heads)
        return [
            [*_differences(run, each, of_runs), *_of_control(run, again)]
            for run, each in zip(runs, weighed, strict=True)
        ]
    except ModelingError as error:
        if len(runs) > 1:  # one by one, so that what is wrong with one is said of that one alone
            return _one_by_one(base_model, runs)
        return [[Difference("run", runs[0].state, f"cannot be recomputed: {error}")]]


def _one_by_one(base_model: BaseModel, runs: Sequence[Run]) -> list[list[Difference]]:
    return [differences for run in runs for differences in run_differences(base_model, [run])]


def random_slice_differences(draws: RandomSlices) -> list[Difference]:
    """Train a set of draws again, score it under each base model that has scores, and return what differs."""
    return listed(_of_random_slices(draws), "worst_groups", f"{len(draws.worst_groups)} of them")


def _of_random_slices(draws: RandomSlices) -> Iterator[Difference]:
    key = SliceKey(draws.target_class, draws.n_above, draws.scheme)
    yield from differing_values("seed", draws.seed, key.seed(draws.dataset.digest))
    again = np.array(random_slices.worst_groups(TrainingBatch.of(draws), key))
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
    run: Run, weighed: Weighed | SliceTooSmall | None, heads: Iterator[RetrainedHead]
) -> Iterator[Difference]:
    yield from _annotation(run)
    state = RunState.DONE if isinstance(weighed, Weighed) else RunState.REFUSED
    yield from differing_values("state", run.state, state.value)
    sizes = weighed.slices if isinstance(weighed, Weighed) else weighed
    if sizes is not None:
        yield from differing_fields(("n_above", "n_below"), run, sizes)
    if state == RunState.DONE:
        yield from _done(run, next(heads))


def _of_control(run: Run, again: Mapping[ControlKey, RetrainedHead]) -> Iterator[Difference]:
    if run.control is not None:
        trained = again[ControlKey.of(run)]
        stored = unpack_int32(run.control.test_predictions)
        yield from _predictions("test_predictions of the control", stored, trained.test_predictions)
        yield from differing_numbers(
            "control_worst_group", run.control.worst_group_accuracy, trained.metrics.worst_group
        )


def _annotation(run: Run) -> Iterator[Difference]:
    """The run beside the scores that it belongs to."""
    automatic = [(score, score.threshold) for score in run.scores.all()]
    chosen = [(choice.phrase.score, choice.threshold) for choice in run.threshold_choices.all()]
    for score, threshold in automatic + chosen:
        digest = annotation_digest(run.target_class, score.text_digest, threshold, run.scheme, score.sign)
        yield from differing_values("annotation_digest", run.annotation_digest, digest)
        yield from differing_values("threshold", run.threshold, threshold)
        yield from differing_fields(["sign"], run, score)
    yield from differing_fields(["l2"], run, run.base_model)
    frozen = StudyConfiguration.objects.values_list("data__study__scheme", flat=True)
    scheme = frozen.get(pk=run.assignment.session.configuration_id)  # None: before studies chose it
    yield from differing_values("scheme", run.scheme, scheme or Scheme.CLASS_EQUAL.value)


def _done(run: Run, again: RetrainedHead) -> Iterator[Difference]:
    if run.state != RunState.DONE:
        return
    assert run.head is not None and run.certified_gap is not None and run.test_predictions is not None, "it is done"
    columns = SimpleNamespace(**again.numbers)
    yield from rounded_fields({"loss": run.certified_gap + again.certified_gap + NUMBER_ROUNDING}, run, columns)
    head, predicted = Head.from_bytes(bytes(run.head)), unpack_int32(run.test_predictions)
    yield from _weights_differ(run.certified_gap, head, again, run.l2)
    files = run.base_model.dataset.files
    by_stored_head = head.predict(files.array("features")[files.rows(Split.TEST)])
    yield from _predictions("test_predictions of the stored head", predicted, by_stored_head)
    yield from _predictions("test_predictions", predicted, again.test_predictions)
    yield from rounded_fields(_MEASURES, run, columns)
    yield from differing_fields(["group_accuracies"], run, columns)


def _weights_differ(certified_gap: float, head: Head, trained: RetrainedHead, l2: float) -> Iterator[Difference]:
    """The stored weights beside the new ones: F(W) - F* ≥ λ/2 ‖W - W*‖², so a certificate bounds the distance too."""
    again = trained.head
    if head.coef.shape != again.coef.shape:
        yield Difference("head", f"of shape {list(head.coef.shape)}", f"of shape {list(again.coef.shape)}")
        return
    distance = float(np.linalg.norm(_weights(head) - _weights(again)))
    radii = np.sqrt(2 * certified_gap / l2) + np.sqrt(2 * trained.certified_gap / l2)
    if not distance <= radii + _FLOAT32_ROUNDING * (1 + np.linalg.norm(_weights(again))):
        yield Difference("head", "its weights", f"weights at a distance of {distance:.2e}, certified to {radii:.2e}")
    of_stored, of_again = head.standardization, again.standardization
    yield from differing_arrays("feature_mean", of_stored.mean, of_again.mean, _FLOAT32_ROUNDING)
    yield from differing_arrays("feature_deviation", of_stored.deviation, of_again.deviation, _FLOAT32_ROUNDING)


def _weights(head: Head) -> NDArray[np.float64]:
    """[C, d + 1], the bias last."""
    return np.column_stack([head.coef, head.intercept]).astype(np.float64)


def _predictions(name: str, stored: NDArray[np.int32], again: NDArray[np.integer]) -> Iterator[Difference]:
    if stored.shape != again.shape:
        yield Difference(name, f"{len(stored)} of them", f"{len(again)} of them")
    elif (stored != again).any():
        yield Difference(
            name, "its classes", f"another class for {int((stored != again).sum())} of {len(stored)} images"
        )
