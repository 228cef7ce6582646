"""What the baselines trained by stochastic gradient descent share. All randomness comes from a numpy generator."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from modeling.arrays.common.array_checks import check_count
from modeling.arrays.common.modeling_errors import BadArray
from modeling.tensors.baselines.grouped import GroupedFeatures

Device = str | torch.device


@dataclass(frozen=True)
class SgdSettings:
    """Step size, weight decay (biases too), momentum, batch size and number of epochs. Raises BadArray for no such."""

    learning_rate: float = 1e-3
    weight_decay: float = 5e-5
    momentum: float = 0.9
    batch_size: int = 128
    epochs: int = 100

    def __post_init__(self) -> None:
        numbers = {"learning rate": self.learning_rate, "weight decay": self.weight_decay, "momentum": self.momentum}
        for name, number in numbers.items():
            if not 0 <= number < np.inf:
                raise BadArray(f"the {name} must be finite and ≥ 0, not {number}")
        check_count(self.batch_size, "the batch size")
        check_count(self.epochs, "the number of epochs")

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            model.parameters(), lr=self.learning_rate, momentum=self.momentum, weight_decay=self.weight_decay
        )


@dataclass(frozen=True)
class BestEpoch:
    """The epoch (from 1) whose validation worst-group accuracy was highest, the earliest of tied ones."""

    epoch: int
    worst_group: float


def linear_layer(d_in: int, d_out: int, rng: np.random.Generator, device: Device = "cpu") -> nn.Linear:
    """A linear layer with torch's own initial distribution, uniform in ±1/√d_in, drawn from rng."""
    layer = nn.Linear(d_in, d_out, device=device)
    bound = 1 / d_in**0.5
    with torch.no_grad():
        for parameter in (layer.weight, layer.bias):
            parameter.copy_(torch.from_numpy(rng.uniform(-bound, bound, tuple(parameter.shape))))
    return layer


def tensors(data: GroupedFeatures, device: Device) -> tuple[Tensor, Tensor, Tensor]:
    """Features float32[n, d], labels and groups int64[n] on the device."""
    return (
        torch.from_numpy(np.array(data.features, dtype=np.float32)).to(device),
        torch.from_numpy(data.labels.astype(np.int64)).to(device),
        torch.from_numpy(data.groups.astype(np.int64)).to(device),
    )


def minibatches(rows: NDArray[np.integer], batch_size: int, device: Device = "cpu") -> Iterator[Tensor]:
    """The rows in batches, in their order. A last batch of one is left out: it has no variance to normalise by."""
    for start in range(0, len(rows), batch_size):
        batch = rows[start : start + batch_size]
        if start == 0 or len(batch) > 1:
            yield torch.from_numpy(batch.astype(np.int64)).to(device)


def group_means(values: Tensor, groups: Tensor, n_groups: int) -> tuple[Tensor, Tensor]:
    """The mean of values [n] in each group [G], 0 for a group without members, and which groups have members."""
    counts = torch.bincount(groups, minlength=n_groups)
    sums = values.new_zeros(n_groups).index_add(0, groups, values)
    return sums / counts.clamp(min=1), counts > 0


def step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step down the gradient of the loss."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def train_epochs(
    model: nn.Module,
    validation: GroupedFeatures,
    train_epoch: Callable[[int], None],
    epochs: int,
    device: Device,
) -> BestEpoch:
    """Train for the epochs (counted from 1), and leave the model as it was after the best of them on validation."""
    features, _, _ = tensors(validation, device)
    best, state = BestEpoch(0, -1.0), copy.deepcopy(model.state_dict())
    for epoch in range(1, epochs + 1):
        model.train()
        train_epoch(epoch)
        worst_group = validation.worst_group_accuracy(_predictions(model, features))
        if worst_group > best.worst_group:
            best, state = BestEpoch(epoch, worst_group), copy.deepcopy(model.state_dict())
    model.load_state_dict(state)
    model.eval()
    return best


def _predictions(model: nn.Module, features: Tensor) -> NDArray[np.int64]:
    model.eval()
    with torch.inference_mode():
        predictions: NDArray[np.int64] = model(features).argmax(1).cpu().numpy()
    return predictions


def coefficients(layer: nn.Linear) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weight [out, in] and bias [out] as float64 arrays."""
    weight: NDArray[np.float64] = layer.weight.detach().double().cpu().numpy()
    bias: NDArray[np.float64] = layer.bias.detach().double().cpu().numpy()
    return weight, bias
