"""Rows that are published procedures: a seed drives sampling and initialisation, and gives one classifier."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from clarify_errors.arrays.retraining.slices import slice_ids
from clarify_errors.tensors.baselines.adapter import AdapterClassifier, train_erm_adapter
from clarify_errors.tensors.baselines.classifiers import LinearClassifier
from clarify_errors.tensors.baselines.contrastive_adapter import train_contrastive_adapter
from clarify_errors.tensors.baselines.dfr import FitOn, train_dfr
from clarify_errors.tensors.baselines.group_dro_eg import train_group_dro_eg
from clarify_errors.tensors.baselines.grouped import GroupedFeatures
from clarify_errors.tensors.baselines.probes import Resample, train_probe
from clarify_errors.tensors.baselines.released_sgd import GroupLoss, train_released_sgd
from worker.benchmarks.divisions import Division
from worker.benchmarks.method_inputs import Bench, seed_name
from worker.benchmarks.outcomes import Outcome, Result
from worker.benchmarks.scored_annotations import AnnotationSource

# What a procedure makes of a generator of random numbers: a classifier, and the test images as it takes them.
Trained = tuple[LinearClassifier | AdapterClassifier, GroupedFeatures]
Procedure = Callable[[Bench, np.random.Generator], Trained]


def over_seeds(bench: Bench, _: AnnotationSource, *, procedure: Procedure) -> Iterator[Outcome]:
    """One outcome a seed."""
    for seed in range(bench.seeds):
        classifier, test = procedure(bench, np.random.default_rng(seed))
        predictions = classifier.predict(test.features)
        yield Outcome.of(bench.dataset, seed_name(seed), predictions, **classifier.details)


def released_sgd(bench: Bench, source: AnnotationSource, *, of: Division, objective: GroupLoss) -> Iterator[Result]:
    """The released code's training, of the mean loss, or of the mean or the largest of slices' losses.

    Seeds are its randomness, so annotations must be one set.
    """
    jobs, notes = of.jobs(bench, source)
    yield from notes
    train, test = bench.train, bench.test
    sliced = replace(train.standardised, groups=slice_ids(train.labels, jobs[0].slices))

    def train_released(bench: Bench, rng: np.random.Generator) -> Trained:
        settings = bench.settings.released
        trained = train_released_sgd(sliced, objective=objective, rng=rng, settings=settings, device=bench.device)
        return trained, test.standardised

    yield from over_seeds(bench, source, procedure=train_released)


def probe(bench: Bench, rng: np.random.Generator, resample: Resample) -> Trained:
    return train_probe(
        bench.train.standardised, bench.validation.standardised, resample,
        rng=rng, settings=bench.settings.probe, device=bench.device,
    ), bench.test.standardised  # fmt: skip


def dfr(bench: Bench, rng: np.random.Generator, fit_on: FitOn) -> Trained:
    return train_dfr(bench.train.unit, bench.validation.unit, rng=rng, fit_on=fit_on), bench.test.unit


def group_dro(bench: Bench, rng: np.random.Generator) -> Trained:
    return train_group_dro_eg(
        bench.train.standardised, bench.validation.standardised,
        rng=rng, settings=bench.settings.group_dro, device=bench.device,
    ), bench.test.standardised  # fmt: skip


def erm_adapter(bench: Bench, rng: np.random.Generator) -> Trained:
    return train_erm_adapter(
        bench.train.in_text_space, bench.validation.in_text_space, bench.class_zero_shot.embeddings,
        rng=rng, settings=bench.settings.erm_adapter, device=bench.device,
    ), bench.test.in_text_space  # fmt: skip


def contrastive_adapter(bench: Bench, rng: np.random.Generator) -> Trained:
    settings = bench.settings
    return train_contrastive_adapter(
        bench.train.in_text_space, bench.validation.in_text_space, bench.class_zero_shot.embeddings,
        rng=rng, settings=settings.contrastive_adapter, contrastive=settings.hard_samples, device=bench.device,
    ), bench.test.in_text_space  # fmt: skip
