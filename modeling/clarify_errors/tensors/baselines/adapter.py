"""A bottleneck adapter on frozen embeddings, classified by class prompts (Gao et al. 2021; Zhang and Ré 2022)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from clarify_errors.arrays.common.array_checks import check_unit_rows
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.tensors.baselines.classifiers import check_features
from clarify_errors.tensors.baselines.grouped import GroupedFeatures, check_pair
from clarify_errors.tensors.baselines.sgd import SETTINGS, Device, SgdSettings, linear_layer, train_by_cross_entropy

HIDDEN = 128
LOGIT_SCALE = 100.0


def check_adapter_input(
    train: GroupedFeatures, validation: GroupedFeatures, class_embeddings: NDArray[np.floating]
) -> None:
    """Check that splits and class prompts fit, and that all rows have length 1.

    Parameters
    ----------
    train, validation : GroupedFeatures
    class_embeddings : float ndarray of shape (m, d)
        At least one per class.

    Raises
    ------
    BadArray
        If they do not fit, or a row does not have length 1.
    """
    check_pair(train, validation)
    if class_embeddings.ndim != 2 or class_embeddings.shape[1] != train.features.shape[1]:
        raise BadArray(
            f"class embeddings {class_embeddings.shape} and features {train.features.shape} must be in the same space"
        )
    if len(class_embeddings) < train.n_classes:
        raise BadArray(f"there are only {len(class_embeddings)} class embeddings for {train.n_classes} classes")
    check_unit_rows(class_embeddings, "class embedding")
    check_unit_rows(train.features, "training image")
    check_unit_rows(validation.features, "validation image")


class Adapter(nn.Module):
    """x → unit(up(relu(batch_norm(down(x))))).

    Logits are the logit scale times the cosines with the class prompts.

    Parameters
    ----------
    class_embeddings : float ndarray of shape (C, d)
    hidden : int
        Width of the bottleneck, ≥ 1.
    rng : numpy.random.Generator
        Draws the initial layers.
    device : str or torch.device

    Raises
    ------
    BadArray
        If `hidden` is invalid, or a class embedding is zero or not finite.
    """

    def __init__(self, class_embeddings: NDArray[np.floating], rng: np.random.Generator, device: Device) -> None:
        super().__init__()
        classes = torch.from_numpy(unit_rows(class_embeddings, "class embedding")).to(device)
        self.down = linear_layer(classes.shape[1], HIDDEN, rng, device)
        self.norm = nn.BatchNorm1d(HIDDEN, device=device)
        self.up = linear_layer(HIDDEN, classes.shape[1], rng, device)
        self.classes: Tensor
        self.register_buffer("classes", classes)

    def embed(self, features: Tensor) -> Tensor:
        """Embed features.

        Parameters
        ----------
        features : Tensor of shape (n, d)

        Returns
        -------
        Tensor of shape (n, d)
            Unit rows.
        """
        return normalize(self.up(self.norm(self.down(features)).relu()), dim=1)

    def forward(self, features: Tensor) -> Tensor:
        """Compute logits.

        Parameters
        ----------
        features : Tensor of shape (n, d)

        Returns
        -------
        Tensor of shape (n, C)
        """
        return LOGIT_SCALE * self.embed(features) @ self.classes.T


@dataclass(frozen=True)
class AdapterClassifier:
    """A trained adapter.

    Attributes
    ----------
    adapter : Adapter
        In evaluation mode, in float64 on the CPU.
    details : dict
        The `best` epoch, which was kept.
    """

    adapter: Adapter
    details: dict[str, Any]

    @classmethod
    def of(cls, adapter: Adapter, best: dict[str, Any]) -> "AdapterClassifier":
        """Make the classifier of a trained adapter.

        Parameters
        ----------
        adapter : Adapter
            Is moved and converted, and left in evaluation mode.
        best : dict
            As of `train_epochs`.

        Returns
        -------
        AdapterClassifier

        Raises
        ------
        BadArray
            If the adapter is not finite, because training diverged.
        """
        fixed = adapter.double().cpu().eval()
        if not all(values.isfinite().all() for values in fixed.state_dict().values()):
            raise BadArray("the adapter is not finite: training diverged")
        return cls(fixed, {"best": best})

    def predict(self, features: NDArray[np.floating]) -> NDArray[np.int64]:
        """Predict the class with the largest cosine.

        Parameters
        ----------
        features : float ndarray of shape (n, d)

        Returns
        -------
        int64 ndarray of shape (n,)
            The first of tied classes wins.

        Raises
        ------
        BadArray
            If d differs, or a row is not finite.
        """
        check_features(features, self.adapter.down.in_features)
        with torch.inference_mode():
            logits: NDArray[np.float64] = self.adapter(torch.from_numpy(features.astype(np.float64))).numpy()
        labels: NDArray[np.int64] = logits.argmax(axis=1)
        return labels


def train_erm_adapter(
    train: GroupedFeatures,
    validation: GroupedFeatures,
    class_embeddings: NDArray[np.floating],
    *,
    rng: np.random.Generator,
    settings: SgdSettings = SETTINGS,
    device: Device = "cpu",
) -> AdapterClassifier:
    """Train an adapter by cross-entropy, and keep the best epoch on validation.

    Parameters
    ----------
    train, validation : GroupedFeatures
        The same d features, unit rows. Only the groups of validation are used.
    class_embeddings : float ndarray of shape (C, d)
        Class prompts in the same space.
    rng : numpy.random.Generator
        Draws the initial adapter and the batches.
    settings : SgdSettings
    device : str or torch.device, default "cpu"

    Returns
    -------
    AdapterClassifier
        After the epoch with the best worst-group accuracy on validation.

    Raises
    ------
    BadArray
        If the input does not fit, or training diverges.
    """
    check_adapter_input(train, validation, class_embeddings)
    adapter, rows = Adapter(class_embeddings, rng, device), np.arange(len(train))
    return AdapterClassifier.of(adapter, train_by_cross_entropy(adapter, train, validation, rows, settings, rng))
