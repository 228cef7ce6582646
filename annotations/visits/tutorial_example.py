"""The tutorial's example: twenty hearts, half of which an AI took for stars, mostly the striped ones.

No data set that Clarify brings has errors of that kind, so that the example gives none of their answers away.

The pictures are committed (annotations/static/annotations/tutorial), and a script beside their test draws them again.
What a person tries is scored by the same code as in a task, on which hearts have what the words say
(tutorial_words.json).
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from django.templatetags.static import static
from numpy.typing import NDArray

from annotations.datasets.class_images import Grid, Picture
from annotations.models import AnnotationSession, PracticePhrase
from annotations.phrases.phrase_feedback import Side, Split
from annotations.phrases.task_screen import Images
from annotations.phrases.verdicts import Verdict, verdict
from clarify_errors.arrays.phrases.error_score import ErrorScore, error_score
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.phrases.worded_scale import WELL

FILE = Path(__file__).parent / "tutorial_words.json"
CLASS_WORD = "heart shaped"

_SAY_NOTHING = """
    a an the some any it its is are that which with in on of and very all some something someone color colour colored
    coloured colors colours shape shapes object objects thing things figure figures item items one ones them form forms
    background backgrounds backdrop image images picture pictures photo photos
"""
_FILLERS = frozenset(_SAY_NOTHING.split())
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def understood(text: str) -> tuple[str, ...] | None:
    """Return the words that a phrase counts as; None where the tutorial does not know one.

    The class's own name says nothing about hearts, so it counts only where it is alone.

    >>> understood("Lined hearts"), understood("something fluffy")
    (('striped',), None)
    """
    words = _known_words(text)
    return tuple(sorted(words - {CLASS_WORD})) or (CLASS_WORD,) if words else None


def having(words: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which of the tutorial's hearts have all that words of `understood` say: bool[20]."""
    rows = (_file()["having"][word] for word in words)
    return np.array([set(heart) == {"x"} for heart in zip(*rows, strict=True)])


def _known_words(text: str) -> set[str] | None:
    """The plain synonyms of a phrase's words; None where one is unknown."""
    synonyms: dict[str, str] = _file()["synonyms"]
    words = [word for part in _WORD.findall(text.casefold()) for word in part.split("-")]
    found: set[str] = set()
    at = 0
    while at < len(words):
        length = next((n for n in (3, 2, 1) if " ".join(words[at : at + n]) in synonyms), 0)
        if length:
            found.add(synonyms[" ".join(words[at : at + length])])
        elif words[at] not in _FILLERS:
            return None
        at += length or 1
    return found


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return loaded


N_RIGHT, N_WRONG = 10, 10  # the right ones come first; nine of ten wrong ones have stripes, one of ten right ones has
_IS_ERROR = np.array([False] * N_RIGHT + [True] * N_WRONG)

HINT_AFTER, TELL_AFTER = 2, 4  # known words that missed, until the page helps
GUESSING = null_level(N_RIGHT, N_WRONG, 5)  # what the best of five words unrelated to the errors reaches
FOUND = max(WELL, GUESSING)  # of the example's scores, those above it explain the mistakes well

ANSWER, UNRELATED = "stripes", "tilted"  # words that the pages show themselves


class Lesson(StrEnum):
    """Where a person stands in the example: each is left by doing what it asks for."""

    LOOK = "look"
    WRITE = "write"
    IMPROVE = "improve"
    DONE = "done"


@dataclass(frozen=True)
class Example:
    """What the page shows of a phrase, as of a Result. understood: the words scored."""

    phrase: str
    understood: str
    value: float
    verdict: Verdict
    split: Split
    sign: int = 1

    @property
    def subject(self) -> str:
        """What was looked for, as a Result says it."""
        return self.understood


@dataclass(frozen=True)
class Practice:
    """A visit's work on the example. last: its newest phrase; example: what is shown of it, None where not known."""

    lesson: Lesson
    phrases: tuple[PracticePhrase, ...]
    example: Example | None

    @property
    def is_done(self) -> bool:
        return self.lesson is Lesson.DONE

    @property
    def last(self) -> PracticePhrase | None:
        return self.phrases[-1] if self.phrases else None

    @property
    def n_known(self) -> int:
        """Phrases that have a score."""
        return sum(phrase.value is not None for phrase in self.phrases)

    @property
    def tried(self) -> list[tuple[PracticePhrase, Verdict | None]]:
        """Each phrase with its step on the worded scale, None where it has no score."""
        steps = (None if each.value is None else verdict(each.value, each.value, GUESSING) for each in self.phrases)
        return list(zip(self.phrases, steps, strict=True))

    @property
    def best(self) -> PracticePhrase | None:
        known = [phrase for phrase in self.phrases if (phrase.value or 0) > GUESSING]
        return max(known, key=lambda phrase: (phrase.value or 0, -phrase.ordinal), default=None)

    @property
    def contrast(self) -> Example | None:
        """Words that explain nothing, shown to whoever found good ones at once."""
        return example(UNRELATED) if self.is_done and len(self.phrases) == 1 else None

    @property
    def help(self) -> str:
        """How much the page helps with finding good words: "", "hint" or "tell"."""
        n_missed = sum(phrase.value is not None and phrase.value <= FOUND for phrase in self.phrases)
        if self.lesson is not Lesson.IMPROVE or n_missed < HINT_AFTER:
            return ""
        return "hint" if n_missed < TELL_AFTER else "tell"


def grids() -> Images:
    """Return the example's right and wrong pictures."""
    return Images(_grid(np.flatnonzero(~_IS_ERROR)), _grid(np.flatnonzero(_IS_ERROR)), said_instead=())


def is_wrong(picture: int) -> bool:
    """Whether the AI got the picture at this position wrong; False for one that is not there."""
    return 0 <= picture < len(_IS_ERROR) and bool(_IS_ERROR[picture])


def practice(session: AnnotationSession) -> Practice:
    """Return how far a visit is with the example, and what it shows of the newest phrase."""
    phrases = tuple(session.practice_phrases.order_by("ordinal"))
    return Practice(_lesson(session, phrases), phrases, example(phrases[-1].text) if phrases else None)


def practice_score(text: str) -> ErrorScore | None:
    """Return the error score of a phrase on the example; None for words that the tutorial does not know."""
    words = understood(text)
    return None if words is None else error_score(having(words).astype(np.float32), _IS_ERROR)


def example(text: str) -> Example | None:
    """Return what the page shows of a phrase; None for words that the tutorial does not know."""
    words, score = understood(text), practice_score(text)
    if words is None or score is None:
        return None
    word = verdict(score.value, score.two_sided, GUESSING)
    return Example(text, " ".join(words), score.value, word, _split(having(words)))


def _lesson(session: AnnotationSession, phrases: tuple[PracticePhrase, ...]) -> Lesson:
    if session.looked_at is None:
        return Lesson.LOOK
    values = [phrase.value for phrase in phrases if phrase.value is not None]
    if not values:
        return Lesson.WRITE
    return Lesson.DONE if max(values) > FOUND else Lesson.IMPROVE


def _split(above: NDArray[np.bool_]) -> Split:
    without, with_it = (
        Side(_grid(positions), int(_IS_ERROR[positions].sum()))
        for positions in (np.flatnonzero(~above), np.flatnonzero(above))
    )
    return Split(without, with_it)


def _grid(positions: NDArray[np.intp]) -> Grid:
    def picture(at: int) -> Picture:
        is_error = bool(_IS_ERROR[at])
        return Picture(at + 1, at, static(f"annotations/tutorial/{at}.webp"), is_error, "star" if is_error else "heart")

    return Grid(tuple(picture(int(at)) for at in positions), len(positions))
