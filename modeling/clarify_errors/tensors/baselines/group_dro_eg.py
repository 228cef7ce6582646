"""Group DRO with exponentiated-gradient weights, as published by Sagawa et al. (2020).

`train_worst_group` of retraining solves the same minimax objective to a certificate. This is the procedure that the
paper's tables call Group DRO.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from clarify_errors.tensors.baselines.classifiers import LinearClassifier
from clarify_errors.tensors.baselines.grouped import GroupedFeatures, check_pair
from clarify_errors.tensors.baselines.sgd import (
    Device,
    SgdSettings,
    group_means,
    linear_layer,
    minibatches,
    step,
    tensors,
    train_epochs,
)

SETTINGS = SgdSettings(learning_rate=1e-3, weight_decay=1e-4, epochs=300)  # for Waterbirds; CelebA: 1e-4, 1e-4, 50
STEP_SIZE = 0.01  # η


def train_group_dro_eg(
    train: GroupedFeatures,
    validation: GroupedFeatures,
    *,
    rng: np.random.Generator,
    settings: SgdSettings = SETTINGS,
    step_size: float = STEP_SIZE,
    device: Device = "cpu",
) -> LinearClassifier:
    """Train a linear layer with Group DRO, and keep the best epoch on validation.

    Parameters
    ----------
    train, validation : GroupedFeatures
        The same d features, z-scored.
    rng : numpy.random.Generator
        Draws the initial layer and the batches.
    settings : SgdSettings
    step_size : float
        η ≥ 0, of the groups' weights.
    device : str or torch.device, default "cpu"

    Returns
    -------
    LinearClassifier
        After the epoch with the best worst-group accuracy on validation; `group_weights` are q at the end.

    Raises
    ------
    BadArray
        If the input does not fit, or the layer is no longer finite.
    """
    check_pair(train, validation)
    features, labels, groups = tensors(train, device)
    layer = linear_layer(train.features.shape[1], train.n_classes, rng, device)
    optimizer = settings.optimizer(layer)
    counts = np.bincount(train.groups)
    has_members = torch.from_numpy(counts > 0).to(device)
    q = has_members.double() / has_members.sum()
    draw = (1 / counts[train.groups]) / (counts > 0).sum()  # from the groups alike

    def train_epoch(epoch: int) -> None:
        for batch in minibatches(rng.choice(len(train), len(train), p=draw), settings.batch_size, device):
            losses = cross_entropy(layer(features[batch]), labels[batch], reduction="none")
            group_losses, _ = group_means(losses, groups[batch], len(counts))
            q.copy_(exponentiated_gradient(q, group_losses.detach(), step_size))
            step(optimizer, robust_loss(q, group_losses))

    best = train_epochs(layer, validation, train_epoch, settings.epochs, device)
    return LinearClassifier.of(layer, {"group_weights": q.tolist(), "best": best})


def exponentiated_gradient(q: Tensor, losses: Tensor, step_size: float) -> Tensor:
    """Update the groups' weights after one batch.

    Parameters
    ----------
    q : Tensor of shape (G,)
        Weights with sum 1.
    losses : Tensor of shape (G,)
        ℓ_g.
    step_size : float
        η.

    Returns
    -------
    Tensor of shape (G,)
        q_g · exp(η ℓ_g), normalised to sum 1.
    """
    raised = q * (step_size * losses).exp()
    return raised / raised.sum()


def robust_loss(q: Tensor, losses: Tensor) -> Tensor:
    """Compute Σ_g q_g ℓ_g, the loss that a step descends.

    Parameters
    ----------
    q : Tensor of shape (G,)
        Weights that the same batch has already updated.
    losses : Tensor of shape (G,)
        ℓ_g.

    Returns
    -------
    Tensor of shape ()
    """
    return (q * losses).sum()
