"""Slices of the train images that annotations make, and which annotations can make none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.modeling_errors import ModelingError, SliceTooSmall
from modeling.arrays.datasets.dataset_files import DatasetFiles
from modeling.arrays.retraining.slices import slice_membership
from worker.baselines.scored_annotations import ScoredAnnotation


class NoUsableAnnotation(ModelingError):
    """None of the annotations makes two slices of its class; the message says why of each."""

    code = "no_usable_annotation"


@dataclass(frozen=True, eq=False)
class Slices:
    """membership: int64[m] (`slices.slice_membership`); without: annotations that have no part in it, and why."""

    membership: NDArray[np.int64]
    without: tuple[tuple[ScoredAnnotation, str], ...]


def slices_of(
    annotations: Sequence[ScoredAnnotation], files: DatasetFiles, rows: NDArray[np.int64], least: int
) -> Slices:
    """Divide m rows by those of the annotations, at most one a class, that have a τ and no slice below the least size.

    Raises NoUsableAnnotation where there is none.
    """
    members, labels = np.zeros(len(rows), dtype=np.bool_), files.labels[rows]
    classes: list[int] = []
    without: list[tuple[ScoredAnnotation, str]] = []
    for annotation in annotations:
        above = annotation.members(files, rows)
        reason = _unusable(annotation, above, labels, least)
        if reason:
            without.append((annotation, reason))
        else:
            members |= above
            classes.append(annotation.target_class)
    if not classes:
        raise NoUsableAnnotation("; ".join(f"“{each.phrase}”: {reason}" for each, reason in without))
    return Slices(slice_membership(members, labels, classes, least), tuple(without))


def _unusable(annotation: ScoredAnnotation, above: NDArray[np.bool_], labels: NDArray[np.integer], least: int) -> str:
    """Why an annotation makes no slices; empty where it does."""
    if annotation.threshold is None:
        return "its error score is 0, so it has no similarity threshold"
    try:
        slice_membership(above, labels, annotation.target_class, least)
    except SliceTooSmall as error:
        return (
            f"its slices have {error.n_above} and {error.n_below} train images, but each needs at least {error.least}"
        )
    return ""
