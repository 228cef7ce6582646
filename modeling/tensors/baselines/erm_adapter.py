"""The row "ERM Adapter" of table 4: a bottleneck adapter trained on labels alone."""

import numpy as np
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from modeling.tensors.baselines.adapter import Adapter, AdapterClassifier, check_adapter_input
from modeling.tensors.baselines.grouped import GroupedFeatures
from modeling.tensors.baselines.sgd import Device, SgdSettings, minibatches, step, tensors, train_epochs

SETTINGS = SgdSettings()


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
    features, labels, _ = tensors(train, device)
    adapter = Adapter(class_embeddings, rng, device)
    optimizer = settings.optimizer(adapter)

    def train_epoch(_: int) -> None:
        for batch in minibatches(rng.permutation(len(train)), settings.batch_size, device):
            step(optimizer, cross_entropy(adapter(features[batch]), labels[batch]))

    return AdapterClassifier.of(adapter, train_epochs(adapter, validation, train_epoch, settings.epochs, device))
