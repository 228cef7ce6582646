"""The row "ERM Adapter" of table 4: a bottleneck adapter trained on labels alone."""

import numpy as np
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from modeling.tensors.baselines.adapter import HIDDEN, Adapter, AdapterClassifier, check_adapter_input
from modeling.tensors.baselines.grouped import GroupedFeatures
from modeling.tensors.baselines.sgd import Device, SgdSettings, minibatches, step, tensors, train_epochs

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
