"""A bottleneck adapter on frozen embeddings, classified by class prompts (Gao et al., 2021; Zhang and Ré, 2022)."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from modeling.arrays.common.array_checks import check_count, check_unit_rows
from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.embeddings.standardization import unit_rows
from modeling.tensors.baselines.classifiers import check_features
from modeling.tensors.baselines.grouped import GroupedFeatures, check_pair
from modeling.tensors.baselines.sgd import BestEpoch, Device, coefficients, linear_layer

HIDDEN = 128
LOGIT_SCALE = 100.0


def check_adapter_input(
    train: GroupedFeatures, validation: GroupedFeatures, class_embeddings: NDArray[np.floating]
) -> None:
    """Raise BadArray unless the splits fit each other, and the class prompts them, and all rows have length 1."""
    check_pair(train, validation)
    if class_embeddings.ndim != 2 or class_embeddings.shape[1] != train.features.shape[1]:
        raise BadArray(
            f"class embeddings {class_embeddings.shape} and features {train.features.shape} must be in one space"
        )
    if len(class_embeddings) < train.n_classes:
        raise BadArray(f"there are {len(class_embeddings)} class embeddings for {train.n_classes} classes")
    check_unit_rows(class_embeddings, "class embedding")
    check_unit_rows(train.features, "training image")
    check_unit_rows(validation.features, "validation image")


class Adapter(nn.Module):
    """x → unit(up(relu(batch_norm(down(x))))); logits are the logit scale times its cosines with the class prompts."""

    def __init__(
        self, class_embeddings: NDArray[np.floating], hidden: int, rng: np.random.Generator, device: Device
    ) -> None:
        super().__init__()
        check_count(hidden, "the width of the adapter")
        classes = torch.from_numpy(unit_rows(class_embeddings, "class embedding")).to(device)
        self.down = linear_layer(classes.shape[1], hidden, rng, device)
        self.norm = nn.BatchNorm1d(hidden, device=device)
        self.up = linear_layer(hidden, classes.shape[1], rng, device)
        self.classes: Tensor
        self.register_buffer("classes", classes)

    def embed(self, features: Tensor) -> Tensor:
        """Unit rows [n, d] from features [n, d]."""
        return normalize(self.up(self.norm(self.down(features)).relu()), dim=1)

    def forward(self, features: Tensor) -> Tensor:
        """Logits [n, C] from features [n, d]."""
        return LOGIT_SCALE * self.embed(features) @ self.classes.T


@dataclass(frozen=True)
class AdapterClassifier:
    """A trained adapter, its batch normalisation taken into the first layer.

    down: [h, d] and down_bias: [h]; up: [d, h] and up_bias: [d], all float64; class_embeddings: float64[C, d], unit
    rows; best: the epoch kept.
    """

    down: NDArray[np.float64]
    down_bias: NDArray[np.float64]
    up: NDArray[np.float64]
    up_bias: NDArray[np.float64]
    class_embeddings: NDArray[np.float64]
    best: BestEpoch

    @classmethod
    def of(cls, adapter: Adapter, best: BestEpoch) -> "AdapterClassifier":
        """From an adapter in evaluation mode. Raises BadArray where training diverged."""
        down, down_bias = coefficients(adapter.down)
        norm = {name: values.double().cpu().numpy() for name, values in adapter.norm.state_dict().items()}
        scale = norm["weight"] / np.sqrt(norm["running_var"] + adapter.norm.eps)
        classifier = cls(
            down * scale[:, None],
            (down_bias - norm["running_mean"]) * scale + norm["bias"],
            *coefficients(adapter.up),
            adapter.classes.double().cpu().numpy(),
            best,
        )
        if not all(np.isfinite(array).all() for array in (classifier.down, classifier.down_bias, classifier.up)):
            raise BadArray("the adapter is not finite: training diverged")
        return classifier

    def embed(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """The adapter's embedding, float64[n, d] from float[n, d], not scaled to length 1.

        Raises BadArray for another d, or a row that is not finite.
        """
        check_features(features, self.down.shape[1])
        hidden = np.maximum(features.astype(np.float64) @ self.down.T + self.down_bias, 0)
        embedding: NDArray[np.float64] = hidden @ self.up.T + self.up_bias
        return embedding

    def predict(self, features: NDArray[np.floating]) -> NDArray[np.int64]:
        """int64[n], the class with the largest cosine, the first of tied ones. Raises BadArray as `embed` does."""
        labels: NDArray[np.int64] = (self.embed(features) @ self.class_embeddings.T).argmax(axis=1)
        return labels
