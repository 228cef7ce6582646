"""What a page says of an error score: a step of the one worded scale, and what to try next."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy

from clarify_errors.arrays.phrases.worded_scale import Step, step_of

MIN_TELLING = 0.15
"""Least two-sided score at which a page says that the AI is wrong less often."""

NAMES: Final[dict[Step, Promise]] = {
    Step.GUESSING: gettext_lazy("no better than guessing"),
    Step.PARTLY: gettext_lazy("partly"),
    Step.WELL: gettext_lazy("well"),
    Step.VERY_WELL: gettext_lazy("very well"),
}
STEPS: Final = tuple(Step)
SENTENCES: Final[dict[Step, Promise]] = {
    Step.GUESSING: gettext_lazy("Your words explain the mistakes <strong>no better than guessing.</strong>"),
    Step.PARTLY: gettext_lazy("Your words explain the mistakes <strong>partly.</strong>"),
    Step.WELL: gettext_lazy("Your words explain the mistakes <strong>well.</strong>"),
    Step.VERY_WELL: gettext_lazy("Your words explain the mistakes <strong>very well.</strong>"),
}
ENOUGH: Final = gettext_lazy("<strong>That is enough to stop.</strong>")
NO_DIFFERENCE: Final = gettext_lazy("no difference")
FINDS_NOTHING: Final = gettext_lazy("The program finds <strong>no difference</strong> for these words.")
NEXT_STEPS: Final[dict[Step, Promise]] = {
    Step.GUESSING: gettext_lazy("Look at the two groups again. What else is different?"),
    Step.PARTLY: gettext_lazy("Try words that fit more of the wrong images, and fewer of the right ones."),
}
OPPOSITE: Final = gettext_lazy("The AI is wrong <em>less</em> often on images like that. What do the others have?")
IF_ANYTHING: Final = gettext_lazy("The AI may be wrong <em>less</em> often on such images. Look again.")


@dataclass(frozen=True)
class Verdict:
    """An error score on the worded scale.

    is_opposite: the AI is wrong *less* often on images that have what the phrase says; is_telling: by more than
    guessing reaches. is_enough: the study's goal is reached. finds_nothing: the words divide off nearly all images or
    nearly none.
    """

    step: Step
    is_opposite: bool = False
    is_telling: bool = False
    is_enough: bool = False
    finds_nothing: bool = False

    @property
    def n_steps(self) -> int:
        """How many of the four steps are reached, from 1."""
        return STEPS.index(self.step) + 1

    @property
    def name(self) -> Promise:
        return NO_DIFFERENCE if self.finds_nothing else NAMES[self.step]

    @property
    def is_well(self) -> bool:
        """Whether somebody who says this can stop."""
        return self.step in (Step.WELL, Step.VERY_WELL)

    @property
    def sentence(self) -> SafeString:
        """The step in a sentence, in the language of the page."""
        step = FINDS_NOTHING if self.finds_nothing else SENTENCES[self.step]
        said = (str(step), str(ENOUGH) if self.is_enough else "")
        return mark_safe(" ".join(filter(None, said)))  # noqa: S308  # our own texts

    @property
    def next_step(self) -> SafeString:
        """What to try next; empty where the words are good."""
        if self.is_enough:
            return mark_safe("")
        if self.is_opposite:
            return mark_safe(str(OPPOSITE if self.is_telling else IF_ANYTHING))  # noqa: S308  # our own texts
        return mark_safe(str(NEXT_STEPS.get(self.step, "")))  # noqa: S308  # our own texts


def verdict(
    value: float, two_sided: float, guessing: float, goal: float | None = None, *, is_refused: bool = False
) -> Verdict:
    """Put an error score (0 to 1) on the scale.

    guessing: what guessing reaches. goal: the study's, which says what is enough; never what guessing reaches.
    is_refused: a retraining with the split that the page shows is refused, because a slice is too small.
    """
    step = step_of(value, is_better=value > guessing)
    is_enough = goal is not None and value >= goal and step is not Step.GUESSING
    is_opposite = step is Step.GUESSING and points_away(value, two_sided)
    is_telling = is_opposite and two_sided > guessing
    finds_nothing = is_refused and step is Step.GUESSING and not is_telling
    return Verdict(step, is_opposite and not finds_nothing, is_telling, is_enough, finds_nothing)


def points_away(value: float, two_sided: float) -> bool:
    """Return whether the two-sided score is the larger one, and says something (≥ .15)."""
    return two_sided > value and two_sided >= MIN_TELLING
