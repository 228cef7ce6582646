from functools import partial

import numpy as np
import pytest

from clarify_errors.tensors.baselines.grouped import subsampled_rows, upsampled_rows
from clarify_errors.tensors.baselines.probes import train_probe
from clarify_errors.tensors.baselines.sgd import SgdSettings

FAST = SgdSettings(learning_rate=0.01, epochs=40)
PROBES = {
    "subsampled": (partial(train_probe, resample=subsampled_rows), 4 * 10),
    "upsampled": (partial(train_probe, resample=upsampled_rows), 4 * 190),
}


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_on_balanced_groups_lifts_the_worst_group(name: str, splits, worst_group) -> None:
    train, validation, test = splits
    probe, n_images = PROBES[name]
    trained = probe(train, validation, rng=np.random.default_rng(0), settings=FAST)
    only_majority = probe(
        train.take(np.flatnonzero(np.isin(train.groups, (0, 3)))), validation, rng=np.random.default_rng(0),
        settings=FAST,
    )  # fmt: skip
    assert trained.details["n_images"] == n_images
    assert worst_group(test, trained) > worst_group(test, only_majority) + 0.2


@pytest.mark.parametrize("name", PROBES)
def test_the_epoch_kept_is_the_best_on_validation(name: str, splits, worst_group) -> None:
    train, validation, _ = splits
    trained = PROBES[name][0](train, validation, rng=np.random.default_rng(0), settings=FAST)
    assert worst_group(validation, trained) == pytest.approx(trained.details["best"]["worst_group"])


@pytest.mark.parametrize("name", PROBES)
def test_the_same_seed_gives_the_same_probe_and_another_seed_another(name: str, splits) -> None:
    train, validation, _ = splits
    first, second, other = (
        PROBES[name][0](train, validation, rng=np.random.default_rng(seed), settings=FAST) for seed in (1, 1, 2)
    )
    assert first.coef.tobytes() == second.coef.tobytes()
    assert first.coef.tobytes() != other.coef.tobytes()
