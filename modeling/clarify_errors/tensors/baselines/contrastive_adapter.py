"""Contrastive Adapter (Zhang and Ré 2022): adapt embeddings so that a class's hard images join its easy ones.

Zero-shot predictions say which images are hard. Odd epochs pull each wrong image (anchor) towards images of its class
that are predicted right (positives), and away from its near neighbours of other classes (negatives). Even epochs train
by cross-entropy on equally large cells of (class, zero-shot prediction).

Choices where the released code and its paper differ or are silent: an anchor's negatives come from *its own*
neighbours; the anchors of one update share one pass through the adapter, and so one batch normalisation; zero-shot
predictions come from class prompts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.arrays.embeddings.zero_shot import ZeroShot
from clarify_errors.tensors.baselines.adapter import Adapter, AdapterClassifier, check_adapter_input
from clarify_errors.tensors.baselines.grouped import GroupedFeatures, rows_of_size
from clarify_errors.tensors.baselines.sgd import SETTINGS, Device, SgdSettings, minibatches, step, tensors, train_epochs

_NONE = -1e4  # log-weight of images that do not count, far below any similarity


@dataclass(frozen=True)
class ContrastiveSettings:
    """How hard samples are drawn. Defaults are the published values for Waterbirds.

    Attributes
    ----------
    temperature : float
        Of similarities in the loss, > 0.
    positives, negatives : int
        Largest numbers that are drawn per anchor, ≥ 1.
    neighbours : int
        Number of an anchor's nearest images among which negatives are drawn, ≥ 1.
    anchors_per_update : int
        At least 1.
    anchor_share : float
        Share of the wrong images that an epoch visits, in [0, 1].
    cell_size : int
        Images of each cell in an epoch of cross-entropy, ≥ 1.
    """

    temperature: float = 0.1
    positives: int = 2048
    negatives: int = 2048
    neighbours: int = 4096
    anchors_per_update: int = 128
    anchor_share: float = 1.0
    cell_size: int = 500


def train_contrastive_adapter(
    train: GroupedFeatures,
    validation: GroupedFeatures,
    class_embeddings: NDArray[np.floating],
    *,
    rng: np.random.Generator,
    settings: SgdSettings = SETTINGS,
    contrastive: ContrastiveSettings = ContrastiveSettings(),
    device: Device = "cpu",
) -> AdapterClassifier:
    """Train an adapter contrastively, and keep the best epoch on validation.

    Parameters
    ----------
    train, validation : GroupedFeatures
        The same d features, unit rows. Only the groups of validation are used.
    class_embeddings : float ndarray of shape (C, d)
        Class prompts in the same space. Their zero-shot predictions find the hard images.
    rng : numpy.random.Generator
        Draws the initial adapter, samples and batches.
    settings : SgdSettings
    contrastive : ContrastiveSettings
    device : str or torch.device, default "cpu"

    Returns
    -------
    AdapterClassifier
        After the epoch with the best worst-group accuracy on validation.

    Raises
    ------
    BadArray
        If the input does not fit, or training diverges.

    Notes
    -----
    Without a class that has images predicted right and images predicted wrong, there are no hard samples, and only
    cross-entropy trains.
    """
    check_adapter_input(train, validation, class_embeddings)
    features, labels, _ = tensors(train, device)
    adapter = Adapter(class_embeddings, rng, device)
    optimizer = settings.optimizer(adapter)
    zero_shot = ZeroShot(unit_rows(class_embeddings), np.arange(len(class_embeddings), dtype=np.int64))
    samples = _HardSamples(train, zero_shot.predict(train.features), contrastive, rng, device)

    def train_epoch(epoch: int) -> None:
        if epoch % 2:
            for draw in samples.updates():
                step(optimizer, draw.loss(adapter.embed(features[draw.rows]), contrastive.temperature))
        else:
            for batch in minibatches(samples.balanced_rows(), settings.batch_size, device):
                step(optimizer, cross_entropy(adapter(features[batch]), labels[batch]))

    return AdapterClassifier.of(adapter, train_epochs(adapter, validation, train_epoch, settings.epochs, device))


def contrastive_losses(similarities: Tensor, positive: Tensor, negative: Tensor, temperature: float) -> Tensor:
    """Compute the supervised contrastive loss of each anchor.

    With s = similarity / temperature it is

        mean over positives p of  -log( exp(s_p) / (exp(s_p) + Σ_negatives exp(s_n)) )

    Parameters
    ----------
    similarities : Tensor of shape (A, m)
        Of A anchors and m images.
    positive, negative : bool Tensor of shape (A, m)
        At least one positive per anchor.
    temperature : float
        Positive.

    Returns
    -------
    Tensor of shape (A,)
    """
    s = similarities / temperature
    of_negatives = s.masked_fill(~negative, _NONE).logsumexp(1, keepdim=True)
    losses = torch.logaddexp(s, of_negatives) - s
    return (losses * positive).sum(1) / positive.sum(1)


@dataclass(frozen=True)
class _Update:
    """Samples of one update: m images and, among them, A anchors with their positives and negatives [A, m]."""

    rows: Tensor
    anchors: Tensor
    positive: Tensor
    negative: Tensor

    def loss(self, embeddings: Tensor, temperature: float) -> Tensor:
        """Return the sum of the anchors' losses, as released; embeddings: unit rows [m, d]."""
        similarities = embeddings[self.anchors] @ embeddings.T
        return contrastive_losses(similarities, self.positive, self.negative, temperature).sum()


class _HardSamples:
    """Draws anchors, positives and negatives by zero-shot predictions and the similarity of the given features."""

    def __init__(
        self,
        train: GroupedFeatures,
        predictions: NDArray[np.int64],
        settings: ContrastiveSettings,
        rng: np.random.Generator,
        device: Device,
    ) -> None:
        self._labels = labels = train.labels.astype(np.int64)
        self._unit = torch.from_numpy(unit_rows(train.features)).to(device)
        self._settings, self._rng, self._device = settings, rng, device
        right = predictions == labels
        self._cells = labels * (int(predictions.max()) + 1) + predictions
        self._easy = {label: np.flatnonzero(right & (labels == label)) for label in np.unique(labels)}
        has_easy = np.array([len(self._easy[label]) > 0 for label in labels])
        self._hard = np.flatnonzero(~right & has_easy)

    def balanced_rows(self) -> NDArray[np.int64]:
        """Return an epoch of cross-entropy: equally many images of each occurring (class, prediction), shuffled."""
        return self._rng.permutation(rows_of_size(self._cells, self._settings.cell_size, self._rng))

    def updates(self) -> Iterator[_Update]:
        """Yield the updates of a contrastive epoch; none if there is no hard image."""
        n_anchors = round(self._settings.anchor_share * len(self._hard))
        anchors = self._rng.permutation(self._hard)[:n_anchors]
        for start in range(0, n_anchors, self._settings.anchors_per_update):
            yield self._update(anchors[start : start + self._settings.anchors_per_update])

    def _update(self, anchors: NDArray[np.int64]) -> _Update:
        shape = (len(anchors), len(self._labels))
        positive: NDArray[np.bool_] = np.zeros(shape, dtype=np.bool_)
        negative: NDArray[np.bool_] = np.zeros(shape, dtype=np.bool_)
        for a, neighbours in enumerate(self._neighbours(anchors)):
            easy = self._easy[self._labels[anchors[a]]]
            positive[a, self._rng.permutation(easy)[: self._settings.positives]] = True
            drawn = self._rng.permutation(neighbours)[: self._settings.negatives]
            negative[a, drawn] = self._labels[drawn] != self._labels[anchors[a]]
        rows = np.union1d(anchors, np.flatnonzero((positive | negative).any(axis=0)))
        place = torch.from_numpy(np.searchsorted(rows, anchors))
        arrays = torch.from_numpy(rows), place, torch.from_numpy(positive[:, rows]), torch.from_numpy(negative[:, rows])
        return _Update(*(array.to(self._device) for array in arrays))

    def _neighbours(self, anchors: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return each anchor's nearest images by cosine, without itself: [A, k]."""
        k = min(self._settings.neighbours, len(self._labels) - 1)
        at = torch.from_numpy(anchors).to(self._device)
        similarities = self._unit[at] @ self._unit.T
        similarities[torch.arange(len(at), device=self._device), at] = -2  # below any cosine
        return similarities.topk(k, dim=1).indices.cpu().numpy()
