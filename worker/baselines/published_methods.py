"""Rows that are published procedures: a seed drives sampling and initialisation, and gives one classifier."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.retraining.slices import slice_ids
from modeling.tensors.baselines.adapter import train_erm_adapter
from modeling.tensors.baselines.contrastive_adapter import train_contrastive_adapter
from modeling.tensors.baselines.dfr import FitOn, train_dfr
from modeling.tensors.baselines.group_dro_eg import train_group_dro_eg
from modeling.tensors.baselines.probes import Resample, train_probe
from modeling.tensors.baselines.released_sgd import GroupLoss, train_released_sgd
from worker.baselines.method_inputs import Bench, seed_name
from worker.baselines.outcomes import Outcome

# What a procedure makes of a generator of random numbers: its predictions for the test images, and details.
Trained = tuple[NDArray[np.int64], dict[str, Any]]
Procedure = Callable[[Bench, np.random.Generator], Trained]


def over_seeds(bench: Bench, procedure: Procedure) -> Iterator[Outcome]:
    """One outcome a seed."""
    for seed in range(bench.seeds):
        predictions, details = procedure(bench, np.random.default_rng(seed))
        yield Outcome.of(bench.data.dataset, seed_name(seed), predictions, **details)


def released_sgd(bench: Bench, slices: NDArray[np.integer], objective: GroupLoss) -> Iterator[Outcome]:
    """The released code's training, of the mean loss, or of the mean or the largest of slices' losses.

    slices: int[n], the membership that annotations make, or ids of another division that do not cross classes.
    """

    def train(bench: Bench, rng: np.random.Generator) -> Trained:
        data = bench.data
        sliced = replace(data.standardised_train, groups=slice_ids(data.train.labels, slices))
        trained = train_released_sgd(
            sliced, objective=objective, rng=rng, settings=bench.settings.released, device=bench.device
        )
        details = {"steps": trained.steps, "held_out_loss": trained.held_out_loss}
        return trained.predict(data.standardised_test.features), details

    return over_seeds(bench, train)


def probe(bench: Bench, rng: np.random.Generator, resample: Resample) -> Trained:
    data = bench.data
    trained = train_probe(
        data.standardised_train, data.standardised_validation, resample,
        rng=rng, settings=bench.settings.probe, device=bench.device,
    )  # fmt: skip
    details = {"n_images": trained.n_images, "best": asdict(trained.best)}
    return trained.predict(data.standardised_test.features), details


def dfr(bench: Bench, rng: np.random.Generator, fit_on: FitOn) -> Trained:
    data = bench.data
    trained = train_dfr(data.train.unit, data.validation.unit, rng=rng, fit_on=fit_on)
    return trained.predict(data.test.unit.features), {"C": trained.c}


def group_dro(bench: Bench, rng: np.random.Generator) -> Trained:
    data = bench.data
    trained = train_group_dro_eg(
        data.standardised_train, data.standardised_validation,
        rng=rng, settings=bench.settings.group_dro, device=bench.device,
    )  # fmt: skip
    details = {"group_weights": trained.group_weights.tolist(), "best": asdict(trained.best)}
    return trained.predict(data.standardised_test.features), details


def erm_adapter(bench: Bench, rng: np.random.Generator) -> Trained:
    data = bench.data
    trained = train_erm_adapter(
        data.train.in_text_space, data.validation.in_text_space, bench.prompts.class_embeddings,
        rng=rng, settings=bench.settings.erm_adapter, device=bench.device,
    )  # fmt: skip
    return trained.predict(data.test.in_text_space.features), {"best": asdict(trained.best)}


def contrastive_adapter(bench: Bench, rng: np.random.Generator) -> Trained:
    data, settings = bench.data, bench.settings
    trained = train_contrastive_adapter(
        data.train.in_text_space, data.validation.in_text_space, bench.prompts.class_embeddings,
        rng=rng, settings=settings.contrastive_adapter, contrastive=settings.hard_samples, device=bench.device,
    )  # fmt: skip
    return trained.predict(data.test.in_text_space.features), {"best": asdict(trained.best)}
