"""The row "ERM Adapter" of table 4: a bottleneck adapter trained on labels alone."""

import numpy as np
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from modeling.baselines.adapter import HIDDEN, Adapter, AdapterClassifier
from modeling.baselines.grouped import GroupedFeatures, check_pair
from modeling.baselines.sgd import Device, SgdSettings, minibatches, step, tensors, train_epochs
from modeling.checks import check_unit_rows
from modeling.errors import BadArray

SETTINGS = SgdSettings()


def train_erm_adapter(
    train: GroupedFeatures,
    validation: GroupedFeatures,
    class_embeddings: NDArray[np.floating],
    *,
    rng: np.random.Generator,
    hidden: int = HIDDEN,
    settings: SgdSettings = SETTINGS,
    device: Device = "cpu",
) -> AdapterClassifier:
    """Train an adapter by cross-entropy, and keep the epoch with the best worst-group accuracy on validation.

    train, validation: the same d features, unit rows; class_embeddings: float[C, d], class prompts in their space;
    hidden: width of the bottleneck. rng draws the initial adapter and the batches.
    Raises BadArray for input that does not fit, or where training diverges.
    """
    check_adapter_input(train, validation, class_embeddings)
    features, labels, _ = tensors(train, device)
    adapter = Adapter(class_embeddings, hidden, rng, device)
    optimizer = settings.optimizer(adapter)

    def train_epoch(_: int) -> None:
        for batch in minibatches(rng.permutation(len(train)), settings.batch_size, device):
            step(optimizer, cross_entropy(adapter(features[batch]), labels[batch]))

    return AdapterClassifier.of(adapter, train_epochs(adapter, validation, train_epoch, settings.epochs, device))


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
