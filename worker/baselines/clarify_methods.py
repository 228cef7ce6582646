"""Clarify's own rows: from one annotation, from a set of them, and from what each participant of a study said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.modeling_errors import ModelingError, SliceTooSmall
from modeling.arrays.datasets.dataset_files import DatasetFiles
from modeling.arrays.retraining.slices import slice_membership, slice_weights
from modeling.tensors.baselines.released_sgd import GroupLoss
from worker.baselines.certified_methods import Job, jobs_over_draws, train_balanced, train_worst
from worker.baselines.method_inputs import Bench
from worker.baselines.outcomes import Refused, Result, Unused
from worker.baselines.published_methods import released_sgd
from worker.baselines.scored_annotations import ScoredAnnotation
from worker.baselines.text_methods import people_roboshot


@dataclass(frozen=True, eq=False)
class AnnotationSet:
    """One annotation, or a set of them, one a class."""

    name: str
    annotations: tuple[ScoredAnnotation, ...]

    @property
    def sets(self) -> Mapping[str, tuple[ScoredAnnotation, ...]]:
        return {"": self.annotations}


@dataclass(frozen=True, eq=False)
class People:
    """The annotations of each participant, by pseudonym, one a class."""

    name: str
    sets: Mapping[str, tuple[ScoredAnnotation, ...]]


AnnotationSource = AnnotationSet | People


class NoUsableAnnotation(ModelingError):
    """None of the annotations makes two slices of its class; the message says why of each."""


@dataclass(frozen=True, eq=False)
class Slices:
    """membership: int64[m] (`slices.slice_membership`); without: annotations that have no part in it, and why."""

    membership: NDArray[np.int64]
    without: tuple[tuple[ScoredAnnotation, str], ...]


def slice_balanced(bench: Bench, source: AnnotationSource) -> Iterator[Result]:
    """The weighted mean of slices' losses, by the benchmark's scheme."""
    jobs, notes = _jobs(bench, source)
    yield from notes
    if jobs:
        yield from train_balanced(bench, jobs, bench.scheme, slice_weights)


def worst_slice(bench: Bench, source: AnnotationSource) -> Iterator[Result]:
    """The largest of slices' mean losses."""
    jobs, notes = _jobs(bench, source)
    yield from notes
    for job in jobs:  # of a draw that has lost a slice, the largest loss of the others would be another objective
        slice_weights(bench.data.train.labels[job.rows], job.slices[job.rows])
    yield from train_worst(bench, jobs)


def phrases_roboshot(bench: Bench, source: AnnotationSource) -> Iterator[Result]:
    """RoboShot with people's phrases. No label, no training: of the annotations only the words count."""
    for name, annotations in source.sets.items():
        yield people_roboshot(bench, name or source.name, annotations)


def released(bench: Bench, source: AnnotationSource, objective: GroupLoss) -> Iterator[Result]:
    """The released code's training; seeds are its randomness, so the annotations must be given ones."""
    assert isinstance(source, AnnotationSet)
    slices = _slices(bench, source.annotations)
    yield from _unused(bench, "", slices)
    yield from released_sgd(bench, slices.membership, objective)


def _jobs(bench: Bench, source: AnnotationSource) -> tuple[list[Job], list[Refused | Unused]]:
    """What to train. A person without a usable annotation is refused; given annotations raise NoUsableAnnotation."""
    if isinstance(source, AnnotationSet):
        slices = _slices(bench, source.annotations)
        return jobs_over_draws(bench, slices.membership), _unused(bench, "", slices)
    jobs: list[Job] = []
    notes: list[Refused | Unused] = []
    for person, annotations in source.sets.items():
        try:
            slices = _slices(bench, annotations)
        except NoUsableAnnotation as error:
            notes.append(Refused(person, str(error)))
        else:
            jobs.append(Job(person, bench.all_rows, slices.membership))
            notes += _unused(bench, person, slices)
    return jobs, notes


def _slices(bench: Bench, annotations: tuple[ScoredAnnotation, ...]) -> Slices:
    return slices_of(annotations, bench.data.dataset.files, bench.data.train.rows, bench.min_slice_size)


def _unused(bench: Bench, name: str, slices: Slices) -> list[Refused | Unused]:
    class_names = bench.data.dataset.class_names
    return [Unused(name, class_names[each.target_class], each.phrase, reason) for each, reason in slices.without]


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
