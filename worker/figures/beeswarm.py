"""Where dots lie so that none hides another."""

from collections.abc import Sequence

DIAMETERS = (6.0, 5.0, 4.0, 3.0)  # of a dot with the gap around it, in pixels
DOT_GAP = 0.5  # so that many people of one value are no solid line
MAX_HEIGHT = 108.0


def beeswarm(places: Sequence[float]) -> tuple[float, list[float]]:
    """Return the diameter of a row's dots, and how far each lies from the row's middle.

    places: pixels along the axis. The dots are as large as MAX_HEIGHT allows; with many on one place they are the
    smallest, and the row is higher.

    >>> beeswarm([10.0, 10.0, 10.0, 90.0])
    (6.0, [0.0, 6.0, -6.0, 0.0])
    """
    for diameter in DIAMETERS:
        offsets = _offsets(places, diameter)
        if height(offsets, diameter) <= MAX_HEIGHT:
            break
    return diameter, offsets


def height(offsets: Sequence[float], diameter: float) -> float:
    """Return what a row of dots takes."""
    return 2 * max(map(abs, offsets)) + diameter if offsets else 0.0


def _offsets(places: Sequence[float], diameter: float) -> list[float]:
    offsets = [0.0] * len(places)
    placed: list[int] = []
    for i in sorted(range(len(places)), key=lambda i: places[i]):
        near = [j for j in placed if places[i] - places[j] < diameter]
        taken = {j: (diameter**2 - (places[i] - places[j]) ** 2) ** 0.5 for j in near}
        # Beside a neighbour, or in the middle: the free place that is nearest to it.
        free = [0.0, *(offsets[j] + side * taken[j] for side in (1, -1) for j in near)]
        fits = (at for at in free if all(abs(at - offsets[j]) >= taken[j] - 1e-9 for j in near))
        offsets[i] = min(fits, key=abs)
        placed.append(i)
    return offsets
