"""Slices that were found, kept in a file, and whether a new model is worse on one of them than the old one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.explanations.inputs import embeddings_of

if TYPE_CHECKING:
    from clarify_errors.tensors.encoders import Encoder

_FORMAT = "clarify-slices-1"
_LEVEL = 0.95  # that no slice is falsely called worse or better, over all of them


@dataclass(frozen=True, eq=False)
class Slice:
    """The images of a class that are like a phrase.

    Attributes
    ----------
    target : str
        Name of the class.
    phrase : str
    sign : int
        -1 for a negation, else 1.
    threshold : float
        An image is in the slice if sign × similarity > threshold, compared in float32.
    embedding : float32 ndarray of shape (d,)
        Of the phrase's text, a unit row.
    encoder : str, default ""
        Name of the encoder that made it, where it is known.
    """

    target: str
    phrase: str
    sign: int
    threshold: float
    embedding: NDArray[np.float32]
    encoder: str = ""

    def members(self, images: NDArray[np.float32], labels: NDArray[np.str_]) -> NDArray[np.bool_]:
        """Find the images of the slice.

        Parameters
        ----------
        images : float32 ndarray of shape (n, d)
            Unit rows, of the encoder that the embedding is of.
        labels : str ndarray of shape (n,)

        Returns
        -------
        bool ndarray of shape (n,)

        Raises
        ------
        BadArray
            If the images have another number of columns.
        """
        if images.shape[1] != len(self.embedding):
            raise BadArray(
                f"the images’ embeddings have {images.shape[1]} columns, and the slices’ {len(self.embedding)}: embed "
                "the images with the encoder of the slices"
            )
        alike = np.float32(self.sign) * similarities(images, self.embedding)
        found: NDArray[np.bool_] = (labels == self.target) & (alike > np.float32(self.threshold))
        return found


@dataclass(frozen=True)
class SliceChange:
    """How a new model does on a slice beside the old one.

    Attributes
    ----------
    target, phrase : str
    n : int
        Images of the slice.
    before, after : float
        Share that is right; nan without images.
    low, high : float
        Interval of after - before for other images of the slice. Of all slices together, about 95 of 100 checks have
        every difference within its interval.
    """

    target: str
    phrase: str
    n: int
    before: float
    after: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Return worse, better, not told apart, or no images."""
        if not self.n:
            return "no images"
        return "worse" if self.high < 0 else "better" if self.low > 0 else "not told apart"

    def __str__(self) -> str:
        name = f"{self.target}, “{self.phrase}”"
        if not self.n:
            return f"{name}: no image is in this slice"
        change = f"{100 * (self.after - self.before):+.1f} points, {100 * self.low:+.1f} to {100 * self.high:+.1f}"
        return f"{name}: {self.before:.1%} → {self.after:.1%} of {self.n} images right ({change}): {self.verdict}"


def save_slices(path: str | PathLike[str], slices: Iterable[Slice]) -> None:
    """Write slices as JSON.

    Parameters
    ----------
    path : path
    slices : iterable of Slice
    """
    rows = [{**vars(each), "embedding": [float(x) for x in each.embedding]} for each in slices]
    document = {"format": _FORMAT, "slices": rows}
    Path(path).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_slices(path: str | PathLike[str]) -> tuple[Slice, ...]:
    """Read what `save_slices` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    tuple of Slice

    Raises
    ------
    BadArray
        If the file is something else, or holds no slice.
    """
    try:
        document = json.loads(Path(path).read_text("utf-8"))
        if document["format"] != _FORMAT or not document["slices"]:
            raise ValueError
        return tuple(
            Slice(
                str(row["target"]),
                str(row["phrase"]),
                int(row["sign"]),
                float(row["threshold"]),
                np.array(row["embedding"], np.float32),
                str(row["encoder"]),
            )
            for row in document["slices"]
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadArray(f"{path} is no file of slices, or holds none") from error


def check_slices(
    slices: Sequence[Slice],
    images: Any,
    labels: Sequence[str],
    before: Sequence[str],
    after: Sequence[str],
    encoder: "Encoder | None" = None,
) -> list[SliceChange]:
    """Compare two models on each slice, on the same images.

    Parameters
    ----------
    slices : sequence of Slice
    images : array_like of shape (n, d), or sequence of n PIL images or paths
        Embeddings by the encoder of the slices; rows need not have length 1. Pictures need `encoder`.
    labels, before, after : sequence of n str
        Classes: the right ones, and the two models' predictions.
    encoder : Encoder, optional

    Returns
    -------
    list of SliceChange
        In the order of the slices.

    Raises
    ------
    BadArray
        If lengths differ, there is no slice, or a slice is of a class that no label is.

    Notes
    -----
    The interval is Agresti and Min's (2005) for paired shares, at 1 - 0.05 / k for k slices (Bonferroni). It is
    extended to 0 unless the exact test of McNemar on the images whose answers changed is as sure: by itself it calls
    one of 50 slices of 10 images falsely worse in 11 of 100 checks where 60% of the answers change.
    """
    truth = np.asarray(labels, np.str_)
    if not slices:
        raise BadArray("there is no slice to check")
    embedded = embeddings_of(images, encoder)
    columns = {"images": embedded, "before": before, "after": after}
    if wrong := next((name for name, column in columns.items() if len(column) != len(truth)), ""):
        raise BadArray(f"{wrong} has {len(columns[wrong])} rows, and there are {len(truth)} labels")
    if len(truth) and (odd := next((each.target for each in slices if each.target not in truth), None)) is not None:
        raise BadArray(f"no label is {odd!r}, of which there is a slice: are the classes called otherwise?")
    right = [np.asarray(each, np.str_) == truth for each in (before, after)]
    found = []
    for each in slices:
        members = each.members(embedded, truth)
        found.append(_change(each, right[0][members], right[1][members], len(slices)))
    return found


def assert_no_slice_worse(changes: Iterable[SliceChange]) -> None:
    """Fail a test where a slice got worse beyond its noise.

    Parameters
    ----------
    changes : iterable of SliceChange
        From `check_slices`.

    Raises
    ------
    AssertionError
        It names each of them.
    """
    if worse := [str(each) for each in changes if each.verdict == "worse"]:
        raise AssertionError("\n".join(worse))


def _change(of: Slice, before: NDArray[np.bool_], after: NDArray[np.bool_], n_slices: int) -> SliceChange:
    n, names = len(before), (of.target, of.phrase)
    if not n:
        return SliceChange(*names, 0, *[float("nan")] * 4)
    lost, won = int((before & ~after).sum()), int((~before & after).sum())
    low, high = _interval(lost, won, n, (1 - _LEVEL) / n_slices)
    return SliceChange(*names, n, float(before.mean()), float(after.mean()), low, high)


def _interval(lost: int, won: int, n: int, alpha: float) -> tuple[float, float]:
    z, size, a, b = NormalDist().inv_cdf(1 - alpha / 2), n + 2, won + 0.5, lost + 0.5
    middle, half = (a - b) / size, z * (a + b - (a - b) ** 2 / size) ** 0.5 / size
    low, high = max(middle - half, -1.0), min(middle + half, 1.0)
    if stats.binom.cdf(min(lost, won), lost + won, 0.5) > alpha / 2:  # the exact test is not as sure
        low, high = min(low, 0.0), max(high, 0.0)
    return low, high
