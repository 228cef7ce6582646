"""The training procedure that the paper's authors released, to the letter (tables 1 and 4, rows "ours").

Full-batch SGD on a linear layer, stopped early on a part of the training images that is held out.
`modeling.tensors.retraining` states the same objectives and solves them to a certificate; this is the baseline that it
is compared with.
"""

import copy
import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from modeling.arrays.common.array_checks import check_choice, check_count, check_two_classes
from modeling.arrays.common.modeling_errors import BadArray
from modeling.tensors.baselines.classifiers import LinearClassifier
from modeling.tensors.baselines.grouped import GroupedFeatures
from modeling.tensors.baselines.sgd import Device, SgdSettings, coefficients, group_means, linear_layer, step, tensors

GroupLoss = Literal["mean", "mean_groups", "max_groups"]
Keep = Literal["best", "last"]

SETTINGS = SgdSettings(learning_rate=0.01, weight_decay=0.01)  # Waterbirds; CelebA has learning_rate .1


@dataclass(frozen=True)
class ReleasedSgdClassifier(LinearClassifier):
    """steps: how many were taken; held_out_loss: the least loss on the images held out."""

    steps: int
    held_out_loss: float


def train_released_sgd(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    groups: NDArray[np.integer] | None = None,
    *,
    objective: GroupLoss = "mean",
    rng: np.random.Generator,
    settings: SgdSettings = SETTINGS,
    max_steps: int = 3000,
    held_out: float = 0.2,
    patience: int = 20,
    keep: Keep = "best",
    device: Device = "cpu",
) -> ReleasedSgdClassifier:
    """Train a linear layer with the released code's procedure.

    features: float[n, d], z-scored; labels: int[n]; groups: int[n], the classes, slices or groups of the objective:
    `mean` is ERM; `mean_groups` the mean of their losses (class-balanced, slice-balanced); `max_groups` the largest
    (worst-class, worst-slice);
    settings: batch size and epochs are not used; held_out: share of images held out, rounded up; patience: training
    stops after more than this many steps without a lower loss on them;
    keep: `last` as released, though that layer is past its best by then; `best` by default.
    rng draws the images held out and the initial layer.

    Raises BadArray for input that does not fit, images left to train on that are all of one class, or a loss that is
    no longer finite.
    """
    check_choice(objective, get_args(GroupLoss), "objective")
    check_choice(keep, get_args(Keep), "choice of a layer to keep")
    check_count(max_steps, "the number of steps")
    check_count(patience, "the patience", least=0)
    if not 0 <= held_out <= 1:
        raise BadArray(f"the share of images held out must lie in [0, 1], not {held_out}")
    if groups is None and objective != "mean":
        raise BadArray(f"the objective {objective} needs groups")
    data = GroupedFeatures(features, labels, np.zeros_like(labels) if groups is None else groups)
    kept, stop = _held_out(data, held_out, rng)
    check_two_classes(kept.labels)
    layer = linear_layer(features.shape[1], data.n_classes, rng, device)
    best, best_loss, steps = _descend(layer, kept, stop, objective, settings, max_steps, patience)
    return ReleasedSgdClassifier(*coefficients(best if keep == "best" else layer), steps, best_loss)


def _held_out(data: GroupedFeatures, share: float, rng: np.random.Generator) -> tuple[GroupedFeatures, GroupedFeatures]:
    """The images to train on, and those held out to stop by: a random share of all, rounded up. Raises BadArray."""
    order, n_held_out = rng.permutation(len(data)), math.ceil(share * len(data))
    if not 0 < n_held_out < len(data):
        raise BadArray(f"holding out {n_held_out} of {len(data)} images leaves none to train on, or none to stop by")
    return data.take(order[n_held_out:]), data.take(order[:n_held_out])


def _descend(
    layer: nn.Linear,
    kept: GroupedFeatures,
    stop: GroupedFeatures,
    objective: GroupLoss,
    settings: SgdSettings,
    max_steps: int,
    patience: int,
) -> tuple[nn.Linear, float, int]:
    """Train the layer on what is kept, until its loss on what is held out to stop by no longer falls.

    Returns the layer as it was where that loss was least, the loss, and the number of steps. Raises BadArray where it
    is no longer finite.
    """
    optimizer, device = settings.optimizer(layer), layer.weight.device
    of_kept, of_stop = tensors(kept, device), tensors(stop, device)
    best, best_loss, waited, steps = copy.deepcopy(layer), math.inf, 0, 0
    while steps < max_steps and waited <= patience:
        step(optimizer, _loss(layer, of_kept, objective))
        steps += 1
        with torch.inference_mode():
            loss = float(_loss(layer, of_stop, objective))
        if not math.isfinite(loss):
            raise BadArray(f"training diverged at step {steps}: a step of {settings.learning_rate} is too long here")
        waited += 1
        if loss < best_loss:
            best, best_loss, waited = copy.deepcopy(layer), loss, 0
    return best, best_loss, steps


def _loss(layer: nn.Linear, data: tuple[Tensor, Tensor, Tensor], objective: GroupLoss) -> Tensor:
    """Of features, labels and groups."""
    features, labels, groups = data
    return objective_loss(layer(features), labels, groups, objective)


def objective_loss(logits: Tensor, labels: Tensor, groups: Tensor, objective: GroupLoss) -> Tensor:
    """The mean cross-entropy, or the mean or the largest of its means by group, over groups that have members here.

    logits: [n, C]; labels and groups: [n].
    """
    losses = cross_entropy(logits, labels, reduction="none")
    if objective == "mean":
        return losses.mean()
    by_group, present = group_means(losses, groups, int(groups.max()) + 1)
    return by_group[present].mean() if objective == "mean_groups" else by_group[present].max()
