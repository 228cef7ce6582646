"""Shared parts of the baselines trained by stochastic gradient descent. All randomness comes from a NumPy generator."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from clarify_errors.arrays.common.steps import step_done
from clarify_errors.tensors.baselines.grouped import GroupedFeatures

Device = str | torch.device


@dataclass(frozen=True)
class SgdSettings:
    """Settings of stochastic gradient descent.

    Attributes
    ----------
    learning_rate : float
    weight_decay : float
        Also applies to biases.
    momentum : float
    batch_size, epochs : int
        At least 1.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 5e-5
    momentum: float = 0.9
    batch_size: int = 128
    epochs: int = 100

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """Make the optimizer of a model's parameters.

        Parameters
        ----------
        model : torch.nn.Module

        Returns
        -------
        torch.optim.SGD
        """
        return torch.optim.SGD(
            model.parameters(), lr=self.learning_rate, momentum=self.momentum, weight_decay=self.weight_decay
        )


SETTINGS = SgdSettings()  # of probes and adapters for Waterbirds


def linear_layer(d_in: int, d_out: int, rng: np.random.Generator, device: Device = "cpu") -> nn.Linear:
    """Make a linear layer with torch's initial distribution, uniform in ±1/√d_in.

    Parameters
    ----------
    d_in, d_out : int
    rng : numpy.random.Generator
    device : str or torch.device, default "cpu"

    Returns
    -------
    torch.nn.Linear
    """
    layer = nn.Linear(d_in, d_out, device=device)
    bound = 1 / d_in**0.5
    with torch.no_grad():
        for parameter in (layer.weight, layer.bias):
            parameter.copy_(torch.from_numpy(rng.uniform(-bound, bound, tuple(parameter.shape))))
    return layer


def tensors(data: GroupedFeatures, device: Device) -> tuple[Tensor, Tensor, Tensor]:
    """Copy a split to a device.

    Parameters
    ----------
    data : GroupedFeatures
    device : str or torch.device

    Returns
    -------
    features : float32 Tensor of shape (n, d)
    labels, groups : int64 Tensor of shape (n,)
    """
    return (
        torch.from_numpy(np.array(data.features, dtype=np.float32)).to(device),
        torch.from_numpy(data.labels.astype(np.int64)).to(device),
        torch.from_numpy(data.groups.astype(np.int64)).to(device),
    )


def minibatches(rows: NDArray[np.integer], batch_size: int, device: Device = "cpu") -> Iterator[Tensor]:
    """Yield rows in batches, in their order.

    Parameters
    ----------
    rows : int ndarray of shape (n,)
    batch_size : int
    device : str or torch.device, default "cpu"

    Yields
    ------
    int64 Tensor of shape (m,)
        A last batch of one row is left out, unless it is the only batch: it has no variance to normalise by.
    """
    for start in range(0, len(rows), batch_size):
        batch = rows[start : start + batch_size]
        if start == 0 or len(batch) > 1:
            yield torch.from_numpy(batch.astype(np.int64)).to(device)


def group_means(values: Tensor, groups: Tensor, n_groups: int) -> tuple[Tensor, Tensor]:
    """Compute the mean of values in each group.

    Parameters
    ----------
    values : Tensor of shape (n,)
    groups : int64 Tensor of shape (n,)
    n_groups : int

    Returns
    -------
    means : Tensor of shape (n_groups,)
        0 for a group without members.
    has_members : bool Tensor of shape (n_groups,)
    """
    counts = torch.bincount(groups, minlength=n_groups)
    # A GPU adds in any order in index_add, here in a fixed one.
    sums = values.new_zeros(n_groups).index_put((groups,), values, accumulate=True)
    return sums / counts.clamp(min=1), counts > 0


def step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """Take one step down the gradient of the loss.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
    loss : Tensor of shape ()
    """
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    step_done()


def train_epochs(
    model: nn.Module,
    validation: GroupedFeatures,
    train_epoch: Callable[[int], None],
    epochs: int,
    device: Device,
) -> dict[str, Any]:
    """Train, and leave the model as it was after its best epoch on validation.

    Parameters
    ----------
    model : torch.nn.Module
        Maps features to logits.
    validation : GroupedFeatures
    train_epoch : callable
        Called with the number of the epoch, from 1.
    epochs : int
    device : str or torch.device

    Returns
    -------
    dict
        `epoch`, which was kept, and `worst_group`, the highest worst-group accuracy on validation.
    """
    features, _, _ = tensors(validation, device)
    best: dict[str, Any] = {"epoch": 0, "worst_group": -1.0}
    state = copy.deepcopy(model.state_dict())
    for epoch in range(1, epochs + 1):
        model.train()
        train_epoch(epoch)
        model.eval()
        with torch.inference_mode():
            predictions = model(features).argmax(1).cpu().numpy()
        worst_group = validation.worst_group_accuracy(predictions)
        if worst_group > best["worst_group"]:
            best, state = {"epoch": epoch, "worst_group": worst_group}, copy.deepcopy(model.state_dict())
    model.load_state_dict(state)
    model.eval()
    return best


def train_by_cross_entropy(
    model: nn.Module,
    train: GroupedFeatures,
    validation: GroupedFeatures,
    rows: NDArray[np.integer],
    settings: SgdSettings,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Train by the mean cross-entropy of minibatches, and keep the best epoch.

    Parameters
    ----------
    model : torch.nn.Module
        Maps features to logits.
    train, validation : GroupedFeatures
    rows : int ndarray of shape (m,)
        The training images of an epoch.
    settings : SgdSettings
    rng : numpy.random.Generator
        Draws the batches.

    Returns
    -------
    dict
        As of `train_epochs`.
    """
    device = next(model.parameters()).device
    features, labels, _ = tensors(train, device)
    optimizer = settings.optimizer(model)

    def train_epoch(_: int) -> None:
        for batch in minibatches(rng.permutation(rows), settings.batch_size, device):
            step(optimizer, cross_entropy(model(features[batch]), labels[batch]))

    return train_epochs(model, validation, train_epoch, settings.epochs, device)
