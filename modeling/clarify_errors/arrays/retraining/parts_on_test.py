"""Accuracies on either side of a similarity threshold, on the test images of a class and on such images drawn anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2_000
_SEED, _AT_ONCE = 9, 100
_ENDS = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class PartsOnTest:
    """What some words do to the m test images of a class that have a prediction.

    Attributes
    ----------
    above : bool ndarray of shape (m,)
        Whether each image is above the threshold.
    right : mapping from str to bool ndarray of shape (m,)
        Which images each model gets right: `before`, and where there are such models `control` and `after`.
    """

    above: NDArray[np.bool_]
    right: Mapping[str, NDArray[np.bool_]]

    @cached_property
    def accuracies(self) -> dict[tuple[str, str], NDArray[np.float64]]:
        """Return the accuracies by model and part, `minority` or `majority`.

        float64[1 + RESAMPLES] each: as it is, then of each draw of the m images; NaN where there are none.
        """
        parts = {"minority": self.above, "majority": ~self.above}
        columns = np.stack(
            [*parts.values(), *(parts[p] & right for right in self.right.values() for p in parts)], axis=1
        )
        n, counts = len(self.above), columns.astype(np.float64)
        rng = np.random.default_rng((_SEED, n))  # so that all words on these images have the same draws
        drawn = (rng.multinomial(n, np.full(n, 1 / n), size=_AT_ONCE) for _ in range(0, RESAMPLES, _AT_ONCE))
        sums = np.concatenate([counts.sum(axis=0, keepdims=True), *(draw @ counts for draw in drawn)])
        members = dict(zip(parts, sums.T[:2], strict=True))
        keys = ((name, part) for name in self.right for part in parts)
        return {
            key: np.divide(right, members[key[1]], out=np.full(len(sums), np.nan), where=members[key[1]] > 0)
            for key, right in zip(keys, sums.T[2:], strict=True)
        }

    def gains(self, part: str) -> NDArray[np.float64]:
        """Compute what retraining with the words adds to the accuracy.

        That is, to the control's, or to the base model's without a control.

        Parameters
        ----------
        part : str
            `minority` or `majority`.

        Returns
        -------
        float64 ndarray of shape (1 + RESAMPLES,)
            As it is, then of each draw.
        """
        less = "control" if "control" in self.right else "before"
        return self.accuracies["after", part] - self.accuracies[less, part]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Compute what the words do to either part.

        Yields
        ------
        dict from str to str, int, float or None
            `part`, its images `n`, and the accuracies and the gain with its 95% interval, None without images or model.
        """
        for part, members in (("minority", self.above), ("majority", ~self.above)):
            row: dict[str, Any] = dict.fromkeys(("before", "control", "after", "gain", "gain_low", "gain_high"))
            if members.any():
                row |= {name: float(self.accuracies[name, part][0]) for name in self.right}
                if "after" in self.right:
                    gains = self.gains(part)
                    row["gain"] = float(gains[0])
                    row["gain_low"], row["gain_high"] = map(float, np.nanpercentile(gains[1:], _ENDS))
            yield {"part": part, "n": int(members.sum()), **row}


def people_less_machine(people: PartsOnTest, machine: PartsOnTest) -> Iterator[dict[str, Any]]:
    """Compare what people's words and a machine's do to the same images.

    Each draw of the images is of both.

    Parameters
    ----------
    people, machine : PartsOnTest

    Yields
    ------
    dict from str to str or float
        `measure` (`minority_before`, and `minority_gain` where both are retrained with), either one's value, and the
        `difference` with its 95% interval, `low` and `high`. Nothing where either names no image.
    """
    if not (people.above.any() and machine.above.any()):
        return
    measures = {"minority_before": [each.accuracies["before", "minority"] for each in (people, machine)]}
    if "after" in people.right and "after" in machine.right:
        measures["minority_gain"] = [each.gains("minority") for each in (people, machine)]
    for measure, (ours, theirs) in measures.items():
        low, high = map(float, np.nanpercentile(ours[1:] - theirs[1:], _ENDS))
        values = {"people": float(ours[0]), "machine": float(theirs[0]), "difference": float(ours[0] - theirs[0])}
        yield {"measure": measure, **values, "low": low, "high": high}
