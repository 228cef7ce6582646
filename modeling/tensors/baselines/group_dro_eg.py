"""Group DRO with exponentiated-gradient weights, as published by Sagawa et al. (2020).

`train_worst_group` of retraining solves the same minimax objective to a certificate. This is the procedure that the
paper's tables call Group DRO.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from modeling.arrays.common.modeling_errors import BadArray
from modeling.tensors.baselines.classifiers import LinearClassifier
from modeling.tensors.baselines.grouped import GroupedFeatures, check_pair
from modeling.tensors.baselines.sgd import (
    BestEpoch,
    Device,
    SgdSettings,
    coefficients,
    group_means,
    linear_layer,
    minibatches,
    step,
    tensors,
    train_epochs,
)

SETTINGS = SgdSettings(learning_rate=1e-3, weight_decay=1e-4, epochs=300)  # for Waterbirds; CelebA: 1e-4, 1e-4, 50


@dataclass(frozen=True)
class GroupDroSettings:
    """How the groups' weights move.

    Parameters
    ----------
    step_size : float, default 0.01
        η ≥ 0, of the weights.
    adjustment : float, default 0
        C ≥ 0 of C/√n_g, added to a group's loss when weights are updated.
    reweight_groups : bool, default True
        Draw each batch from the groups alike, with replacement.

    Raises
    ------
    BadArray
        If a number is negative or not finite.
    """

    step_size: float = 0.01
    adjustment: float = 0.0
    reweight_groups: bool = True

    def __post_init__(self) -> None:
        for name, number in (("step size", self.step_size), ("adjustment", self.adjustment)):
            if not 0 <= number < np.inf:
                raise BadArray(f"the {name} of the groups' weights must be finite and ≥ 0, not {number}")


@dataclass(frozen=True)
class GroupDroClassifier(LinearClassifier):
    """Linear classifier that Group DRO trained.

    Attributes
    ----------
    best : BestEpoch
        The epoch that was kept.
    group_weights : float64 ndarray of shape (G,)
        q at the end of training, with sum 1.
    """

    best: BestEpoch
    group_weights: NDArray[np.float64]


def train_group_dro_eg(
    train: GroupedFeatures,
    validation: GroupedFeatures,
    *,
    rng: np.random.Generator,
    settings: SgdSettings = SETTINGS,
    dro: GroupDroSettings = GroupDroSettings(),
    device: Device = "cpu",
) -> GroupDroClassifier:
    """Train a linear layer with Group DRO, and keep the best epoch on validation.

    Parameters
    ----------
    train, validation : GroupedFeatures
        The same d features, z-scored.
    rng : numpy.random.Generator
        Draws the initial layer and the batches.
    settings : SgdSettings
    dro : GroupDroSettings
    device : str or torch.device, default "cpu"

    Returns
    -------
    GroupDroClassifier
        After the epoch with the best worst-group accuracy on validation.

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
    added = torch.from_numpy(dro.adjustment / np.sqrt(np.maximum(counts, 1))).to(device)
    has_members = torch.from_numpy(counts > 0).to(device)
    q = has_members.double() / has_members.sum()
    draw = (1 / counts[train.groups]) / (counts > 0).sum() if dro.reweight_groups else None

    def train_epoch(epoch: int) -> None:
        rows = rng.permutation(len(train)) if draw is None else rng.choice(len(train), len(train), p=draw)
        for batch in minibatches(rows, settings.batch_size, device):
            losses = cross_entropy(layer(features[batch]), labels[batch], reduction="none")
            group_losses, _ = group_means(losses, groups[batch], len(counts))
            q.copy_(exponentiated_gradient(q, group_losses.detach() + added, dro.step_size))
            step(optimizer, robust_loss(q, group_losses))

    best = train_epochs(layer, validation, train_epoch, settings.epochs, device)
    return GroupDroClassifier(*coefficients(layer), best, q.cpu().numpy())


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
