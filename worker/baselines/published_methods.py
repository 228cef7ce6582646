"""Rows that are published procedures: a seed drives sampling and initialisation, and gives one classifier."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.retraining.slices import slice_ids
from modeling.tensors.baselines.adapter import AdapterClassifier, train_erm_adapter
from modeling.tensors.baselines.classifiers import LinearClassifier
from modeling.tensors.baselines.contrastive_adapter import train_contrastive_adapter
from modeling.tensors.baselines.dfr import FitOn, train_dfr
from modeling.tensors.baselines.group_dro_eg import train_group_dro_eg
from modeling.tensors.baselines.grouped import GroupedFeatures
from modeling.tensors.baselines.probes import Resample, train_probe
from modeling.tensors.baselines.released_sgd import GroupLoss, train_released_sgd
from worker.baselines.method_inputs import Bench, seed_name
from worker.baselines.outcomes import Outcome

# What a procedure makes of a generator of random numbers: a classifier, and the test images as it takes them.
Trained = tuple[LinearClassifier | AdapterClassifier, GroupedFeatures]
Procedure = Callable[[Bench, np.random.Generator], Trained]


def over_seeds(bench: Bench, procedure: Procedure) -> Iterator[Outcome]:
    """One outcome a seed."""
    for seed in range(bench.seeds):
        classifier, test = procedure(bench, np.random.default_rng(seed))
        predictions = classifier.predict(test.features)
        yield Outcome.of(bench.data.dataset, seed_name(seed), predictions, **classifier.details)


def released_sgd(bench: Bench, slices: NDArray[np.integer], objective: GroupLoss) -> Iterator[Outcome]:
    """The released code's training, of the mean loss, or of the mean or the largest of slices' losses.

    slices: int[n], the membership that annotations make, or ids of another division that do not cross classes.
    """

    def train(bench: Bench, rng: np.random.Generator) -> Trained:
        data, settings = bench.data, bench.settings.released
        sliced = replace(data.standardised_train, groups=slice_ids(data.train.labels, slices))
        trained = train_released_sgd(sliced, objective=objective, rng=rng, settings=settings, device=bench.device)
        return trained, data.standardised_test

    return over_seeds(bench, train)


def probe(bench: Bench, rng: np.random.Generator, resample: Resample) -> Trained:
    data = bench.data
    return train_probe(
        data.standardised_train, data.standardised_validation, resample,
        rng=rng, settings=bench.settings.probe, device=bench.device,
    ), data.standardised_test  # fmt: skip


def dfr(bench: Bench, rng: np.random.Generator, fit_on: FitOn) -> Trained:
    data = bench.data
    return train_dfr(data.train.unit, data.validation.unit, rng=rng, fit_on=fit_on), data.test.unit


def group_dro(bench: Bench, rng: np.random.Generator) -> Trained:
    data = bench.data
    return train_group_dro_eg(
        data.standardised_train, data.standardised_validation,
        rng=rng, settings=bench.settings.group_dro, device=bench.device,
    ), data.standardised_test  # fmt: skip


def erm_adapter(bench: Bench, rng: np.random.Generator) -> Trained:
    data = bench.data
    return train_erm_adapter(
        data.train.in_text_space, data.validation.in_text_space, bench.prompts.class_embeddings,
        rng=rng, settings=bench.settings.erm_adapter, device=bench.device,
    ), data.test.in_text_space  # fmt: skip


def contrastive_adapter(bench: Bench, rng: np.random.Generator) -> Trained:
    data, settings = bench.data, bench.settings
    return train_contrastive_adapter(
        data.train.in_text_space, data.validation.in_text_space, bench.prompts.class_embeddings,
        rng=rng, settings=settings.contrastive_adapter, contrastive=settings.hard_samples, device=bench.device,
    ), data.test.in_text_space  # fmt: skip
