"""The training procedure that the paper's authors released, to the letter (tables 1 and 4, rows "ours").

Full-batch SGD on a linear layer, stopped early on held-out training images. The room `retraining` states the same
objectives and solves them to a certificate; this is the baseline to compare it with.
"""

import copy
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from clarify_errors.arrays.common.array_checks import check_two_classes
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.baselines.classifiers import LinearClassifier
from clarify_errors.tensors.baselines.grouped import GroupedFeatures
from clarify_errors.tensors.baselines.sgd import Device, SgdSettings, group_means, linear_layer, step, tensors

GroupLoss = Literal["mean", "mean_groups", "max_groups"]
Keep = Literal["best", "last"]

SETTINGS = SgdSettings(learning_rate=0.01, weight_decay=0.01)  # for Waterbirds; CelebA has learning_rate .1


@dataclass(frozen=True)
class EarlyStopping:
    """When training stops, and which layer it keeps.

    Parameters
    ----------
    max_steps : int, default 3000
    held_out : float, default 0.2
        Share of the training images that only stops training, rounded up.
    patience : int, default 20
        Training stops after more than this many steps without a lower loss on the images held out.
    keep : {"best", "last"}, default "best"
        The released code keeps the last layer, which is past its best by then.
    """

    max_steps: int = 3000
    held_out: float = 0.2
    patience: int = 20
    keep: Keep = "best"


def train_released_sgd(
    data: GroupedFeatures,
    *,
    objective: GroupLoss = "mean",
    rng: np.random.Generator,
    settings: SgdSettings = SETTINGS,
    stopping: EarlyStopping = EarlyStopping(),
    device: Device = "cpu",
) -> LinearClassifier:
    """Train a linear layer with the released code's procedure.

    Parameters
    ----------
    data : GroupedFeatures
        z-scored features; the groups are the classes, slices or groups of the objective.
    objective : {"mean", "mean_groups", "max_groups"}, default "mean"
        `mean` is ERM and reads no groups; `mean_groups` is the mean of their losses (class-balanced, slice-balanced);
        `max_groups` is the largest (worst-class, worst-slice).
    rng : numpy.random.Generator
        Draws the images held out and the initial layer.
    settings : SgdSettings
        Batch size and epochs are not used.
    stopping : EarlyStopping
    device : str or torch.device, default "cpu"

    Returns
    -------
    LinearClassifier
        With the `steps` that were taken, and the least `held_out_loss`.

    Raises
    ------
    BadArray
        If the input does not fit, the remaining training images are all of one class, or the loss is no longer finite.
    """
    kept, stop = _held_out(data, stopping.held_out, rng)
    check_two_classes(kept.labels)
    layer = linear_layer(data.features.shape[1], data.n_classes, rng, device)
    best, best_loss, steps = _descend(layer, kept, stop, objective, settings, stopping)
    details = {"steps": steps, "held_out_loss": best_loss}
    return LinearClassifier.of(best if stopping.keep == "best" else layer, details)


def _held_out(data: GroupedFeatures, share: float, rng: np.random.Generator) -> tuple[GroupedFeatures, GroupedFeatures]:
    """Return the images to train on and a random share, rounded up, to stop by. Raise BadArray if either is empty."""
    order, n_held_out = rng.permutation(len(data)), math.ceil(share * len(data))
    if not 0 < n_held_out < len(data):
        raise BadArray(f"with {n_held_out} of {len(data)} images held out, none are left to train on or to stop by")
    return data.take(order[n_held_out:]), data.take(order[:n_held_out])


def _descend(
    layer: nn.Linear,
    kept: GroupedFeatures,
    stop: GroupedFeatures,
    objective: GroupLoss,
    settings: SgdSettings,
    stopping: EarlyStopping,
) -> tuple[nn.Linear, float, int]:
    """Train until the loss on the images to stop by no longer falls.

    Return the layer with the least such loss, the loss, and the number of steps. Raise BadArray if the loss is not
    finite.
    """
    optimizer, device = settings.optimizer(layer), layer.weight.device
    of_kept, of_stop = tensors(kept, device), tensors(stop, device)
    best, best_loss, waited, steps = copy.deepcopy(layer), math.inf, 0, 0
    while steps < stopping.max_steps and waited <= stopping.patience:
        step(optimizer, _loss(layer, of_kept, objective))
        steps += 1
        with torch.inference_mode():
            loss = float(_loss(layer, of_stop, objective))
        if not math.isfinite(loss):
            raise BadArray(
                f"training diverged at step {steps}: the learning rate {settings.learning_rate} is too large"
            )
        waited += 1
        if loss < best_loss:
            best, best_loss, waited = copy.deepcopy(layer), loss, 0
    return best, best_loss, steps


def _loss(layer: nn.Linear, data: tuple[Tensor, Tensor, Tensor], objective: GroupLoss) -> Tensor:
    """Compute the objective's loss of features, labels and groups."""
    features, labels, groups = data
    return objective_loss(layer(features), labels, groups, objective)


def objective_loss(logits: Tensor, labels: Tensor, groups: Tensor, objective: GroupLoss) -> Tensor:
    """Compute the loss of an objective.

    Parameters
    ----------
    logits : Tensor of shape (n, C)
    labels, groups : int64 Tensor of shape (n,)
    objective : {"mean", "mean_groups", "max_groups"}

    Returns
    -------
    Tensor of shape ()
        Mean cross-entropy, or the mean or the largest of the groups' means, over groups that have members here.
    """
    losses = cross_entropy(logits, labels, reduction="none")
    if objective == "mean":
        return losses.mean()
    by_group, present = group_means(losses, groups, int(groups.max()) + 1)
    return by_group[present].mean() if objective == "mean_groups" else by_group[present].max()
