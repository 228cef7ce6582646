"""An accuracy before and after a retraining, as pages show it: gains are of the accuracies as they are written."""

from dataclasses import dataclass

from annotations.analysis.statistics.estimate_types import tenths

NOTABLE_LOSS = 0.05  # of a group's accuracy: a correction that costs a group this much is pointed out


@dataclass(frozen=True)
class Change:
    """An accuracy before and after, 0 to 1; None without images. n: images, where it is of a part of them.

    control: after a correction without any phrase; None also where an earlier version trained it. over_before,
    over_control: the 95% intervals of the gains of a worst group over either, for other images.
    """

    before: float | None
    after: float | None
    n: int | None = None
    control: float | None = None
    over_before: tuple[float, float] | None = None
    over_control: tuple[float, float] | None = None

    @property
    def difference(self) -> float | None:
        return None if self.before is None or self.after is None else tenths(tenths(self.after) - tenths(self.before))

    @property
    def own_gain(self) -> float | None:
        """What it has over the control, which the phrases themselves add."""
        return None if self.control is None or self.after is None else tenths(tenths(self.after) - tenths(self.control))

    @property
    def is_notable_loss(self) -> bool:
        return self.difference is not None and self.difference <= -NOTABLE_LOSS

    @property
    def is_cost_of_phrases(self) -> bool:
        """Whether the phrases cost as much beside the control, where as much is not lost over all."""
        return not self.is_notable_loss and self.own_gain is not None and self.own_gain <= -NOTABLE_LOSS
