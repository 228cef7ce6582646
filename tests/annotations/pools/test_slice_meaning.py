"""Precision and recall of a slice that a model checks, where it is known which images the phrase holds of."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from annotations.pools import review_outcomes
from annotations.pools.review_outcomes import ABOVE, BELOW, Decided, SliceMeaning, slice_meaning

N_ABOVE, N_BELOW, SHOWN = 60, 240, 20


def checked(holds: dict[str, np.ndarray], rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> SliceMeaning:
    """What a reviewer who sees what is true says of SHOWN images of either side."""
    items: list[dict[str, Any]] = [
        {"row": int(row), "arm": arm, "label": None, "of": len(of)}
        for arm, of in holds.items()
        for row in rng.choice(len(of), SHOWN, replace=False)
    ]
    decided = [
        Decided(place, item["row"], item["arm"], None, 0 if holds[item["arm"]][item["row"]] else None, 1)
        for place, item in enumerate(items)
    ]
    monkeypatch.setattr(review_outcomes, "decided", lambda _: decided)
    gathering: Any = SimpleNamespace(items=items)
    return slice_meaning(gathering)


@pytest.mark.parametrize(("precision", "missed"), [(0.9, 0.05), (0.5, 0.5), (0.7, 0.2)])
def test_bounds_hold_the_true_precision_and_recall(
    precision: float, missed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in 95% of checks at least, less three standard errors of 300; of a phrase that says nothing, too (.5)."""
    rng, held = np.random.default_rng(0), np.zeros(2)
    for _ in range(300):
        holds = {ABOVE: rng.random(N_ABOVE) < precision, BELOW: rng.random(N_BELOW) < missed}
        found = checked(holds, rng, monkeypatch)
        of_all = np.concatenate(list(holds.values())).sum()
        recall = holds[ABOVE].sum() / of_all
        assert found.precision.bounds and found.recall_bounds and found.recall is not None
        low, high = found.recall_bounds
        held += (
            found.precision.bounds[0] <= holds[ABOVE].mean() <= found.precision.bounds[1],
            low <= recall <= high,
        )
        k, n = found.precision.k, found.missed.k
        assert found.recall == pytest.approx(k / SHOWN * N_ABOVE / (k / SHOWN * N_ABOVE + n / SHOWN * N_BELOW))
    assert (held / 300 >= 0.95 - 0.038).all()
