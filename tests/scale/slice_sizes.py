"""Why annotations can gain more than true groups: `python -m tests.scale.slice_sizes`.

A slice weighs half of its class, whatever its size, so each image of a smaller slice weighs more. Beside the slices of
annotations and the true groups, heads are trained with slices of both kinds that are as large as those of the other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markdown import Markdown

from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.arrays.retraining.slices import DEFAULT_SCHEME, division_weights, uniform_weights
from clarify_errors.tensors.retraining.many_heads import train_heads
from tests.scale.planted_imagenet import Planting, load

PLANTING = Planting(classes=60, planted=15, test=1_000)
SEED = 5  # of the members that are drawn from groups
GROUPS, ANNOTATIONS = "true groups", "annotations"
OF_ALL_SIZES = (
    ANNOTATIONS,
    "images most like the phrase, as many as the group has",
    "members of the group most like the phrase, as many as the annotation has",
    "members of the group drawn at random, as many as the annotation has",
)
Bools = NDArray[np.bool_]
Correct = Callable[[NDArray[np.float32], NDArray[np.int64]], Bools]


@dataclass(frozen=True)
class Images:
    """Embeddings float32[n, d], labels int64[n], and who is of the rare group of a planted class, bool[n]."""

    rows: NDArray[np.float32]
    labels: NDArray[np.int64]
    is_rare: Bools


@dataclass(frozen=True)
class Gain:
    """What a kind of slices gains over uniform weights on rare groups, by planted class float64[k], in points."""

    slices: str
    gains: NDArray[np.float64]

    def told(self, other: "Gain") -> str:
        """A line of the table: the mean, and its difference to another with a 95% interval over classes."""
        apart = self.gains - other.gains
        half = 1.96 * apart.std(ddof=1) / np.sqrt(len(apart))
        difference = "" if other is self else f"{apart.mean():+.2f} ± {half:.2f}"
        return f"| {self.slices} | {self.gains.mean():+.2f} | {difference} |"


def gains(planting: Planting) -> list[Gain]:
    """What each kind of slices gains; the true groups first."""
    train, shown, test = (
        _drawn(planting, n, part) for part, n in enumerate((planting.train, planting.validation, planting.test))
    )
    classes = [planting.planted_class(k) for k in range(planting.planted)]
    (correct,) = _models(planting, train, [uniform_weights(len(train.labels))])
    slices = {GROUPS: train.is_rare, **_slices(train, shown, correct(shown.rows, shown.labels), classes)}
    weights = [division_weights(train.labels, 2 * train.labels + each, DEFAULT_SCHEME) for each in slices.values()]
    before, *after = (
        _by_class(test, each(test.rows, test.labels), classes) for each in (correct, *_models(planting, train, weights))
    )
    return [Gain(name, 100 * (each - before)) for name, each in zip(slices, after, strict=True)]


def _slices(train: Images, shown: Images, is_correct: Bools, classes: list[int]) -> dict[str, Bools]:
    rng = np.random.default_rng(SEED)
    found = {name: np.zeros(len(train.labels), np.bool_) for name in OF_ALL_SIZES}
    texts = load().encode_texts([f"attribute {k}" for k in range(len(classes))])
    for label, text in zip(classes, texts, strict=True):
        of_class = shown.labels == label
        threshold = error_score(shown.rows[of_class] @ text, ~is_correct[of_class]).threshold
        rows = np.flatnonzero(train.labels == label)
        rows = rows[np.argsort(-(train.rows[rows] @ text), kind="stable")]  # the most like the phrase first
        group = rows[train.is_rare[rows]]
        n_above = 0 if threshold is None else int((train.rows[rows] @ text > threshold).sum())
        taken = (rows[:n_above], rows[: len(group)], group[:n_above], rng.permutation(group)[:n_above])
        for members, these in zip(found.values(), taken, strict=True):
            members[these] = True
    return found


def _models(planting: Planting, train: Images, weights: list[NDArray[np.float64]]) -> Iterator[Correct]:
    """Heads on standardised embeddings, each as what says which images it gets right."""
    mean, std = train.rows.mean(0), train.rows.std(0)
    heads = train_heads((train.rows - mean) / std, train.labels, np.stack(weights, axis=1), planting.l2)
    for coef, intercept in zip(heads.coef, heads.intercept, strict=True):
        head = coef / std, intercept - (mean / std) @ coef.T
        yield partial(_is_correct, *head)


def _is_correct(
    coef: NDArray[np.float64], intercept: NDArray[np.float64], rows: NDArray[np.float32], labels: NDArray[np.int64]
) -> Bools:
    correct: Bools = (rows @ coef.T + intercept).argmax(axis=1) == labels
    return correct


def _drawn(planting: Planting, n: int, part: int) -> Images:
    rows, groups = zip(*(planting.images(label, n, part) for label in range(planting.classes)), strict=True)
    labels = np.repeat(np.arange(planting.classes, dtype=np.int64), n)
    return Images(np.concatenate(rows), labels, np.concatenate(groups) == 1)


def _by_class(test: Images, is_correct: Bools, classes: list[int]) -> NDArray[np.float64]:
    return np.array([is_correct[test.is_rare & (test.labels == label)].mean() for label in classes])


def main() -> None:
    found = gains(PLANTING)
    lines = ["| slices | gain, in points | less that of true groups |", "|---|---|---|"]
    Console(soft_wrap=True).print(Markdown("\n".join([*lines, *(each.told(found[0]) for each in found)])))


if __name__ == "__main__":
    main()
