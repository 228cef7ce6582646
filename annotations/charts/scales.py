"""From values to places on an axis, and where its ticks are."""

from dataclasses import dataclass
from math import ceil, floor, isclose, log10

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """Maps [low, high] to [start, end], evenly or by the logarithm (low > 0 then). Values outside lie at the ends."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        value = min(max(value, self.low), self.high)
        if self.is_log:
            share = log10(value / self.low) / log10(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        return log_ticks(self.low, self.high) if self.is_log else even_ticks(self.low, self.high)


def even_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round values from low to high, some five of them.

    >>> even_ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    step = _round_step((high - low) / about)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2, 5, 10, 20 … between low and high.

    >>> log_ticks(0.5, 20)
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
    """
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    ticks = [round(digit * 10.0**power, 10) for power in powers for digit in (1, 2, 5)]
    return [tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]


def round_up(value: float) -> float:
    """Return the next round value: where an axis ends whose largest value is this.

    >>> round_up(7.3), round_up(0.41)
    (8.0, 0.5)
    """
    if value <= 0:
        return 1.0
    step = _round_step(value / 5)
    return round(ceil(value / step - 1e-9) * step, 10)


def _round_step(least: float) -> float:
    power = 10.0 ** floor(log10(least))
    return next(power * digit for digit in _STEPS if power * digit >= least or isclose(power * digit, least))
