"""A last layer retrained from a phrase, beside its control (paper, section 4.2; docs/analysts/methods.md, own gain)."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray, SliceTooSmall
from clarify_errors.arrays.embeddings.standardization import Standardization, unit_rows
from clarify_errors.arrays.retraining import control
from clarify_errors.arrays.retraining.annotation import Annotation
from clarify_errors.arrays.retraining.group_accuracies import GroupMetrics, group_metrics
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.arrays.retraining.own_gain_intervals import own_gain_interval, paired_counts, tied_note
from clarify_errors.arrays.retraining.slices import slice_membership, slice_weights
from clarify_errors.explanations.inputs import as_array
from clarify_errors.tensors.baselines.classifiers import without_scaling
from clarify_errors.tensors.retraining.many_heads import train_heads

if TYPE_CHECKING:
    from clarify_errors.explanations.explanation import Explanation, ScoredPhrase

_TRAIN, _TEST = 0, 2  # positions in inputs.SPLITS


@dataclass(frozen=True)
class OwnGain:
    """What a phrase adds to the worst group's test accuracy, in shares.

    Attributes
    ----------
    base, control, corrected : float
        Worst-group accuracy of the predictions that were passed, of a retraining without the phrase, and of one with
        it.
    own : float
        corrected - control: the phrase's own part.
    low, high : float
        95% interval of `own` for other test images. It allows for which group is the worst not being known: groups
        within chance of the worst count as possibly the worst, and each end takes the less favourable case. If the
        interval contains 0, it is not shown that the phrase helps.
    tied : tuple of int
        How many groups of the corrected head, and of the control, are within chance of being its worst. Where they
        differ, `own` is biased, and the text says in which direction.
    """

    base: float
    control: float
    corrected: float
    own: float
    low: float
    high: float
    tied: tuple[int, int]

    def __str__(self) -> str:
        note = tied_note(self.tied, "the corrected model")
        return (
            f"worst group {self.base:.1%} before, {self.control:.1%} retrained without the phrase, "
            f"{self.corrected:.1%} with it: own gain {100 * self.own:+.1f} points "
            f"(95% for other test images: {100 * self.low:+.1f} to {100 * self.high:+.1f})"
            + (f". {note}" if note else "")
        )


@dataclass(frozen=True, eq=False, repr=False)
class Retrained:
    """What a retraining from a phrase came to, on the test images.

    Attributes
    ----------
    annotation : Annotation
    n_above, n_below : int
        Training images of the class with the phrase, and without it.
    gain : OwnGain
    group_names : tuple of str
    measures : dict of str to GroupMetrics
        On test, of `base`, `control` and `corrected`.
    """

    annotation: Annotation
    n_above: int
    n_below: int
    gain: OwnGain
    group_names: tuple[str, ...]
    measures: dict[str, GroupMetrics]

    def __repr__(self) -> str:
        """Say the gain, and what it costs."""
        return f"{str(self.gain).removesuffix('.')}. {costs(self.measures, self.group_names)}"

    def table(self) -> pd.DataFrame:
        """Return test accuracies by group, and their summary.

        Returns
        -------
        pandas.DataFrame
            A row for each group, then worst group, average, plain average and gap; columns `base`, `control` and
            `corrected`, and `own_gain`, the difference of the last two.
        """
        lines = {
            name: [*of.accuracies, of.worst_group, of.average, of.average_plain, of.gap]
            for name, of in self.measures.items()
        }
        index = [*self.group_names, "worst group", "average", "plain average", "gap"]
        table = pd.DataFrame(lines, index=index, dtype=np.float64)
        return table.assign(own_gain=table.corrected - table.control)


@dataclass(frozen=True, eq=False, repr=False)
class Correction(Retrained):
    """A retrained last layer, from `Explanation.correct`; with all of `Retrained`.

    Attributes
    ----------
    head, control_head : Head
        With the phrase, and without it.
    """

    head: Head
    control_head: Head

    @classmethod
    def of(
        cls,
        explanation: "Explanation",
        scored: "ScoredPhrase",
        *,
        l2: float,
        scheme: str,
        threshold: float | None,
        seed: int,
    ) -> Self:
        """Train and measure; see `Explanation.correct`.

        Parameters
        ----------
        explanation : Explanation
        scored : ScoredPhrase
        l2 : float
        scheme : str
        threshold : float or None
        seed : int

        Returns
        -------
        Correction

        Raises
        ------
        BadArray
            If there is no threshold, no training or test image, or an argument is invalid.
        SliceTooSmall
            If a slice has fewer than five training images.
        NotConverged
            If the solver misses its tolerance.
        """
        chosen = Weighed.of(explanation, scored, scheme, threshold)
        heads = _trained(explanation, chosen, l2)
        test = test_rows(explanation)
        corrected, beside = (head.predict(explanation.features[test]) for head in heads)
        gain, measures = measured(explanation, corrected, beside, seed)
        sizes = chosen.n_above, chosen.n_below
        return cls(chosen.annotation, *sizes, gain, explanation.group_names, measures, *heads)

    def predict(self, features: Any) -> NDArray[np.str_]:
        """Predict class names by the corrected head.

        Parameters
        ----------
        features : array_like of shape (n, e)
            As those that it was trained on.

        Returns
        -------
        str ndarray of shape (n,)

        Raises
        ------
        BadArray
            If the number of columns differs, or a row is zero or not finite.
        """
        return np.array(self.head.class_names)[self.head.predict(as_array(features))]

    def save(self, path: str | PathLike[str]) -> None:
        """Write the corrected head as a safetensors file, which `load_head` reads.

        Parameters
        ----------
        path : path
        """
        Path(path).write_bytes(self.head.to_bytes())

    def to_torch(self) -> torch.nn.Linear:
        """Return the corrected head as a torch layer.

        Returns
        -------
        torch.nn.Linear
            For features of length 1, with the z-score folded into its weights; float32 rounds the logits differently
            from `head.logits`, by about 1e-5.
        """
        scaling = self.head.standardization
        weight, bias = without_scaling(self.head.coef, self.head.intercept, scaling.mean, scaling.deviation)
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
        return layer

    def install(self, model: torch.nn.Module) -> NoReturn:
        """Refuse: the layer takes an encoder's embeddings.

        Parameters
        ----------
        model : torch.nn.Module

        Raises
        ------
        BadArray
            Always; the message says what to do.
        """
        raise BadArray(
            "this layer takes the encoder's embeddings and fits no network: pass diagnose the network instead of its "
            "predictions, or call correct_in_place"
        )


def load_head(path: str | PathLike[str]) -> Head:
    """Read a head that `Correction.save` wrote, or that the server exported.

    Parameters
    ----------
    path : path

    Returns
    -------
    Head
        Its `predict` returns positions among its `class_names`.

    Raises
    ------
    BadHead
        If the file is no head, or damaged.
    """
    return Head.from_bytes(Path(path).read_bytes())


@dataclass(frozen=True, eq=False)
class Weighed:
    """The train images, with weights for a phrase and for its control.

    Attributes
    ----------
    annotation : Annotation
    rows : int64 ndarray of shape (m,)
        The train images, as positions among all.
    weights : float64 ndarray of shape (m, 2)
        With the phrase, and without it.
    n_above, n_below : int
        Train images of the class with the phrase, and without it.
    """

    annotation: Annotation
    rows: NDArray[np.int64]
    weights: NDArray[np.float64]
    n_above: int
    n_below: int

    @classmethod
    def of(cls, explanation: "Explanation", scored: "ScoredPhrase", scheme: str, threshold: float | None) -> Self:
        """Weigh the train images by which of them have a phrase.

        Parameters
        ----------
        explanation : Explanation
        scored : ScoredPhrase
        scheme : str
        threshold : float or None

        Returns
        -------
        Weighed

        Raises
        ------
        BadArray
            If there is no threshold, or no training image.
        SliceTooSmall
            If a slice has fewer than five training images.
        """
        tau = scored.error_score.threshold if threshold is None else threshold
        if tau is None:
            raise BadArray(f"“{scored.phrase}” separates nothing: its error score is 0, so it has no threshold")
        annotation = Annotation(explanation.target_class, scored.embedding, scored.read.sign, tau)
        train = np.flatnonzero(explanation.splits == _TRAIN)
        labels = explanation.classes.labels[train]
        above = annotation.members(explanation.images, train, labels)
        try:
            membership = slice_membership(above, labels, explanation.target_class)
        except SliceTooSmall as error:
            raise error.named(explanation.class_name) from None
        beside = control.control_weights(labels, explanation.target_class, scheme)
        weights = np.stack([slice_weights(labels, membership, scheme), beside], axis=1)
        n_above = int(above.sum())
        return cls(annotation, train, weights, n_above, int((labels == explanation.target_class).sum()) - n_above)


def _trained(explanation: "Explanation", chosen: Weighed, l2: float) -> tuple[Head, Head]:
    features = unit_rows(explanation.features[chosen.rows])
    standardization = Standardization.fit(features)
    labels, names = explanation.classes.labels[chosen.rows], explanation.classes.names
    trained = train_heads(standardization.apply(features), labels, chosen.weights, l2, n_classes=len(names))
    run, beside = (Head.of(trained.coef[k], trained.intercept[k], standardization, names) for k in (0, 1))
    return run, beside


def test_rows(explanation: "Explanation") -> NDArray[np.int64]:
    """Return the positions of the test images.

    Parameters
    ----------
    explanation : Explanation

    Returns
    -------
    int64 ndarray of shape (m,)

    Raises
    ------
    BadArray
        If there is none.
    """
    test = np.flatnonzero(explanation.splits == _TEST)
    if not len(test):
        raise BadArray("there is no test image to measure the correction on")
    return test


def measured(
    explanation: "Explanation", corrected: NDArray[np.int64], beside: NDArray[np.int64], seed: int
) -> tuple[OwnGain, dict[str, GroupMetrics]]:
    """Measure predictions of the test images.

    Parameters
    ----------
    explanation : Explanation
    corrected, beside : int64 ndarray of shape (m,)
        Positions among the names of classes: by the retraining with the phrase, and by the control.
    seed : int

    Returns
    -------
    OwnGain
    dict of str to GroupMetrics
        Of `base`, `control` and `corrected`.
    """
    test = test_rows(explanation)
    predictions = {"base": explanation.classes.predictions[test], "control": beside, "corrected": corrected}
    train_counts = np.bincount(explanation.groups[explanation.splits == _TRAIN], minlength=len(explanation.group_names))
    labels, groups = explanation.classes.labels[test], explanation.groups[test]
    measures = {name: group_metrics(of, labels, groups, train_counts) for name, of in predictions.items()}
    interval = own_gain_interval(paired_counts(corrected == labels, beside == labels, groups), seed=seed)
    worst = {name: of.worst_group for name, of in measures.items()}
    own = control.own_gain(worst["corrected"], worst["control"])
    ends = interval.low, interval.high, interval.tied
    return OwnGain(worst["base"], worst["control"], worst["corrected"], own, *ends), measures


def costs(measures: dict[str, GroupMetrics], group_names: tuple[str, ...]) -> str:
    """Say which group loses most, against the control and the base model.

    Parameters
    ----------
    measures : dict of str to GroupMetrics
        Of `base`, `control` and `corrected`.
    group_names : tuple of str

    Returns
    -------
    str
    """
    told = []
    for name, against in (("control", "the control"), ("base", "the predictions that were passed")):
        change = np.array(measures["corrected"].accuracies, np.float64) - np.array(
            measures[name].accuracies, np.float64
        )
        loser = int(np.nanargmin(change))
        lost = (
            f"{group_names[loser]} loses {-100 * change[loser]:.1f} points" if change[loser] < 0 else "no group loses"
        )
        told.append(f"against {against}, {lost}")
    text = "; ".join(told)
    return text[:1].upper() + text[1:]
