"""Clarify's own rows: from one annotation, from a set of them, and from what each participant of a study said."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.errors import ModelingError
from worker.benchmark.annotations import Annotation, slices_of
from worker.benchmark.bench import Bench
from worker.benchmark.certified import Job, jobs_over_draws, train_balanced, train_worst
from worker.benchmark.published import released_sgd
from worker.benchmark.results import Outcome, Refused
from worker.benchmark.text_only import people_roboshot


@dataclass(frozen=True, eq=False)
class Given:
    """One annotation, or a set of them, one a class."""

    name: str
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True, eq=False)
class People:
    """The annotations of each participant, by pseudonym, one a class."""

    name: str
    sets: Mapping[str, tuple[Annotation, ...]]


Source = Given | People


def slice_balanced(bench: Bench, source: Source) -> Iterator[Outcome | Refused]:
    """The weighted mean of slices' losses, by the benchmark's scheme."""
    jobs, refused = _jobs(bench, source)
    yield from refused
    if jobs:
        yield from train_balanced(bench, jobs, bench.scheme)


def worst_slice(bench: Bench, source: Source) -> Iterator[Outcome | Refused]:
    """The largest of slices' mean losses."""
    jobs, refused = _jobs(bench, source)
    yield from refused
    yield from train_worst(bench, jobs)


def slice_balanced_released(bench: Bench, source: Source) -> Iterator[Outcome | Refused]:
    """The released code's training; seeds are its randomness, so the annotations must be given ones."""
    assert isinstance(source, Given)
    yield from released_sgd(bench, _slices(bench, source.annotations), "mean_groups")


def worst_slice_released(bench: Bench, source: Source) -> Iterator[Outcome | Refused]:
    """As `slice_balanced_released`."""
    assert isinstance(source, Given)
    yield from released_sgd(bench, _slices(bench, source.annotations), "max_groups")


def phrases_roboshot(bench: Bench, source: Source) -> Iterator[Outcome | Refused]:
    """RoboShot with people's phrases. No label, no training: of the annotations only the words count."""
    sets = {source.name: source.annotations} if isinstance(source, Given) else source.sets
    for name, annotations in sets.items():
        yield people_roboshot(bench, name, annotations)


def _jobs(bench: Bench, source: Source) -> tuple[list[Job], list[Refused]]:
    """What to train. A person whose slices cannot be used is refused; given annotations raise instead."""
    if isinstance(source, Given):
        return jobs_over_draws(bench, _slices(bench, source.annotations)), []
    jobs: list[Job] = []
    refused: list[Refused] = []
    for person, annotations in source.sets.items():
        try:
            jobs.append(Job(person, bench.all_rows, _slices(bench, annotations)))
        except ModelingError as error:
            refused.append(Refused(person, str(error)))
    return jobs, refused


def _slices(bench: Bench, annotations: tuple[Annotation, ...]) -> NDArray[np.int64]:
    return slices_of(annotations, bench.data.dataset.files, bench.data.train.rows, bench.least_slice_size)
