"""Linear probes on groups made equal in size (the rows "DFR (subsample)" and "DFR (upsample)" of tables 1 and 4)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from clarify_errors.tensors.baselines.classifiers import LinearClassifier
from clarify_errors.tensors.baselines.grouped import GroupedFeatures, check_pair
from clarify_errors.tensors.baselines.sgd import SETTINGS, Device, SgdSettings, linear_layer, train_by_cross_entropy

Resample = Callable[[NDArray[np.integer], np.random.Generator], NDArray[np.int64]]  # rows of groups


def train_probe(
    train: GroupedFeatures,
    validation: GroupedFeatures,
    resample: Resample,
    *,
    rng: np.random.Generator,
    settings: SgdSettings = SETTINGS,
    device: Device = "cpu",
) -> LinearClassifier:
    """Train a linear layer on groups that are made equal in size.

    Parameters
    ----------
    train, validation : GroupedFeatures
        The same d features, z-scored.
    resample : callable
        `subsampled_rows` reduces each group to the size of the smallest, `upsampled_rows` enlarges it to that of the
        largest; the images are drawn once.
    rng : numpy.random.Generator
        Draws the images, the initial layer and the batches.
    settings : SgdSettings
    device : str or torch.device, default "cpu"

    Returns
    -------
    LinearClassifier
        After the epoch with the best worst-group accuracy on validation; `n_images` are in an epoch.

    Raises
    ------
    BadArray
        If the input does not fit.
    """
    check_pair(train, validation)
    rows = resample(train.groups, rng)
    layer = linear_layer(train.features.shape[1], train.n_classes, rng, device)
    best = train_by_cross_entropy(layer, train, validation, rows, settings, rng)
    return LinearClassifier.of(layer, {"n_images": len(rows), "best": best})
