"""What words are worth, drawn: three bars with the own gain between two of them, and a line for each group."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations.analysis.statistics.estimate_types import Estimate, tenths
from annotations.pages.number_formats import percent, points


@dataclass(frozen=True)
class Bar:
    """An accuracy in [0, 1] on the worst group of a model. note: which group; url: of the images behind it, or ""."""

    label: str
    share: float
    note: str
    url: str
    is_words: bool = False

    @property
    def width(self) -> str:
        """Percent of the figure's width, with a point."""
        return _place(self.share)


@dataclass(frozen=True)
class GroupLine:
    """A group: accuracies of the base model, of the control and with words, and the interval of the last."""

    name: str
    base: float | None
    control: float
    words: float
    ends: tuple[float, float] | None
    url: str

    @classmethod
    def of(cls, name: str, base: float | None, control: float, gain: Estimate, url: str) -> "GroupLine":
        """Return the line of a group. gain: of words over the control."""
        ends = None if gain.low is None or gain.high is None else (control + gain.low, control + gain.high)
        return cls(name, base, control, control + (gain.mean or 0.0), ends, url)

    @property
    def places(self) -> dict[str, str]:
        """Places in percent of the width."""
        of = {"base": self.base, "control": self.control, "words": self.words}
        return {name: _place(share) for name, share in of.items() if share is not None}

    @property
    def interval(self) -> tuple[str, str] | None:
        return None if self.ends is None else (_place(self.ends[0]), _place(self.ends[1]))

    @property
    def gain(self) -> str:
        return points(tenths(self.words) - tenths(self.control))

    @property
    def accuracies(self) -> str:
        return " → ".join(percent(share).removesuffix("%") for share in (self.base, self.control, self.words))


@dataclass(frozen=True)
class Worth:
    """The whole figure. gain: the own gain in words, which the bracket between the last two bars bears.

    base_name: what the groups' first mark is. over: whom or what intervals allow for.
    """

    sentence: str
    base_name: str
    bars: Sequence[Bar]
    gain: str
    groups: Sequence[GroupLine]
    over: str = "people"

    @property
    def has_intervals(self) -> bool:
        return any(line.ends is not None for line in self.groups)


def _place(share: float) -> str:
    """In percent, with a point in every language, as SVG wants it."""
    return f"{100 * min(max(share, 0.0), 1.0):.2f}"
