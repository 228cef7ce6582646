"""Which annotations something can be trained with, and how these cut the training images of their classes."""

from collections.abc import Iterable
from dataclasses import dataclass

from annotations.models import Dataset
from clarify_errors.arrays.retraining.annotation import Annotation
from worker.benchmarks.scored_annotations import ScoredAnnotation
from worker.datasets.head_training import ClassSlices


@dataclass(frozen=True, eq=False)
class Cut:
    """An annotation, and how it cuts its class's training images."""

    said: ScoredAnnotation
    annotation: Annotation
    slices: ClassSlices


def cut_classes(
    dataset: Dataset, said: Iterable[ScoredAnnotation], least: int
) -> tuple[list[Cut], list[tuple[ScoredAnnotation, str]]]:
    """Cut the training images of each class, of annotations that have a τ and no slice below the least size.

    Return also the other annotations, each with the reason. Raises BadDataset, BadArray.
    """
    cuts: list[Cut] = []
    without: list[tuple[ScoredAnnotation, str]] = []
    for each in said:
        if each.annotation is None:
            without.append((each, "its error score is 0, so it has no similarity threshold"))
            continue
        of = ClassSlices.of(each.annotation, dataset)
        if min(of.n_above, of.n_below) >= least:
            cuts.append(Cut(each, each.annotation, of))
        else:
            sizes = f"its slices have {of.n_above} and {of.n_below} train images"
            without.append((each, f"{sizes}, but each needs at least {least}"))
    return cuts, without
