"""Linear probes on groups made equal in size (the rows "DFR (subsample)" and "DFR (upsample)" of tables 1 and 4)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from modeling.tensors.baselines.classifiers import LinearClassifier
from modeling.tensors.baselines.grouped import GroupedFeatures, check_pair
from modeling.tensors.baselines.sgd import (
    BestEpoch,
    Device,
    SgdSettings,
    coefficients,
    linear_layer,
    minibatches,
    step,
    tensors,
    train_epochs,
)

SETTINGS = SgdSettings()
Resample = Callable[[NDArray[np.integer], np.random.Generator], NDArray[np.int64]]  # rows of groups


@dataclass(frozen=True)
class ProbeClassifier(LinearClassifier):
    """Linear classifier that a probe trained.

    Attributes
    ----------
    best : BestEpoch
        The epoch that was kept.
    n_images : int
        Images in an epoch.
    """

    best: BestEpoch
    n_images: int


def train_probe(
    train: GroupedFeatures,
    validation: GroupedFeatures,
    resample: Resample,
    *,
    rng: np.random.Generator,
    settings: SgdSettings = SETTINGS,
    device: Device = "cpu",
) -> ProbeClassifier:
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
    ProbeClassifier
        After the epoch with the best worst-group accuracy on validation.

    Raises
    ------
    BadArray
        If the input does not fit.
    """
    check_pair(train, validation)
    rows = resample(train.groups, rng)
    features, labels, _ = tensors(train, device)
    layer = linear_layer(train.features.shape[1], train.n_classes, rng, device)
    optimizer = settings.optimizer(layer)

    def train_epoch(_: int) -> None:
        for batch in minibatches(rng.permutation(rows), settings.batch_size, device):
            step(optimizer, cross_entropy(layer(features[batch]), labels[batch]))

    best = train_epochs(layer, validation, train_epoch, settings.epochs, device)
    return ProbeClassifier(*coefficients(layer), best, len(rows))
