"""Ways to cut the train images into slices, and the classifiers to train with each: what objectives are taken over."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.retraining.slices import division_weights, slice_weights
from worker.benchmarks.method_inputs import Bench
from worker.benchmarks.outcomes import Missing
from worker.benchmarks.scored_annotations import AnnotationSource, ScoredAnnotation
from worker.benchmarks.usable_annotations import cut_classes
from worker.datasets.head_training import membership_of


@dataclass(frozen=True, eq=False)
class Job:
    """A classifier to train.

    rows: positions among the n train images; slices: int[n], the membership that annotations make, or ids of another
    division that do not cross classes.
    """

    name: str
    rows: NDArray[np.int64]
    slices: NDArray[np.integer]


Jobs = tuple[list[Job], list[Missing]]


@dataclass(frozen=True)
class Division:
    """jobs: what to train, and what is left out. weigh: the weights of slices by labels, slices and scheme; that of
    annotations refuses a draw which has lost one of an annotation's slices.
    """

    jobs: Callable[[Bench, AnnotationSource], Jobs]
    weigh: Callable[[NDArray[np.integer], NDArray[np.integer], str], NDArray[np.float64]]


class NoUsableAnnotation(ModelingError):
    """None of the annotations makes two slices of its class; the message says why of each."""


def _of_annotations(bench: Bench, source: AnnotationSource) -> Jobs:
    """A person without a usable annotation is refused; given annotations raise NoUsableAnnotation."""
    jobs: list[Job] = []
    notes: list[Missing] = []
    for name, annotations in source.sets.items():
        try:
            membership, unused = _membership(bench, name, annotations)
        except NoUsableAnnotation as error:
            if not source.is_people:
                raise
            notes.append(Missing(name, str(error)))
            continue
        notes += unused
        jobs += [Job(name, bench.all_rows, membership)] if source.is_people else _over_draws(bench, membership)
    return jobs, notes


def _over_draws(bench: Bench, slices: NDArray[np.integer]) -> list[Job]:
    """One job on all train images, and one for each seed's draw of them."""
    return [Job(name, rows, slices) for name, rows in bench.draws()]


def _membership(
    bench: Bench, name: str, annotations: tuple[ScoredAnnotation, ...]
) -> tuple[NDArray[np.int64], list[Missing]]:
    dataset = bench.dataset
    cuts, without = cut_classes(dataset, annotations, bench.min_slice_size)
    if not cuts:
        raise NoUsableAnnotation("; ".join(f"“{each.phrase}”: {why}" for each, why in without))
    unused = [Missing(name, why, dataset.class_names[each.target_class], each.phrase) for each, why in without]
    return membership_of(dataset, [each.slices for each in cuts], bench.min_slice_size), unused


CLASSES = Division(lambda bench, _: (_over_draws(bench, bench.train.labels), []), division_weights)
GROUPS = Division(lambda bench, _: (_over_draws(bench, bench.train.groups), []), division_weights)
ANNOTATIONS = Division(_of_annotations, slice_weights)
