"""The verdict on an error score: in a word, and in the sentence that a page says."""

from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy

WELL, PARTLY, MIN_TELLING = 0.6, 0.3, 0.15


class Verdict(StrEnum):
    """The error score in a word."""

    WELL = "well"
    PARTLY = "partly"
    HARDLY = "hardly"
    BY_CHANCE = "by_chance"
    OPPOSITE = "opposite"
    OPPOSITE_BY_CHANCE = "opposite_by_chance"

    @property
    def is_opposite(self) -> bool:
        """Whether the AI is wrong *less* often on images that have what the phrase says."""
        return self in (Verdict.OPPOSITE, Verdict.OPPOSITE_BY_CHANCE)


SENTENCES: Final[dict[Verdict, Promise]] = {
    Verdict.WELL: gettext_lazy(
        "<strong>These words explain the mistakes well.</strong> Can you find even better ones?"
    ),
    Verdict.PARTLY: gettext_lazy(
        "<strong>These words explain part of the mistakes.</strong> Try to be more exact, or look for a second reason."
    ),
    Verdict.HARDLY: gettext_lazy(
        "<strong>These words hardly point to the mistakes.</strong> Look again at the two groups: what else is "
        "different?"
    ),
    Verdict.BY_CHANCE: gettext_lazy(
        "<strong>Random words reach as much as these.</strong> Look again at the two groups: what else is different?"
    ),
    Verdict.OPPOSITE: gettext_lazy(
        "<strong>These words do not point to the mistakes.</strong> The AI is wrong <em>less</em> often on images like "
        "that. What do the others have?"
    ),
    Verdict.OPPOSITE_BY_CHANCE: gettext_lazy(
        "<strong>These words do not point to the mistakes.</strong> If anything, the AI is wrong <em>less</em> often "
        "on images like that; random words reach as much. Look again at the two groups."
    ),
}
NOTHING: Final = gettext_lazy(
    "<strong>These words do not point to the mistakes.</strong> Look again at the two groups: what else is different?"
)


def verdict(value: float, two_sided: float, null_level: float) -> Verdict:
    """Put an error score (0 to 1) into a word.

    Opposite: the two-sided score is the larger one and says something (≥ .15), so the AI is wrong *less* often on
    images that have what the phrase says. By chance: it is no more than what random words reach.
    """
    if two_sided > value and two_sided >= MIN_TELLING:
        return Verdict.OPPOSITE if two_sided > null_level else Verdict.OPPOSITE_BY_CHANCE
    if 0 < value <= null_level:
        return Verdict.BY_CHANCE
    if value >= WELL:
        return Verdict.WELL
    return Verdict.PARTLY if value >= PARTLY else Verdict.HARDLY


def verdict_sentence(verdict: Verdict, value: float) -> SafeString:
    """Return the sentence for a verdict on an error score `value` (0 to 1), in the language of the page."""
    is_nothing = verdict is Verdict.HARDLY and value == 0
    return mark_safe(str(NOTHING if is_nothing else SENTENCES[verdict]))  # noqa: S308  # our own text
