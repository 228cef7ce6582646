"""Phrases and their scores."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from annotations.base.tables.columns import Cell, Table, along, worded
from annotations.models import Moderation, Phrase
from annotations.models.moderated_words import HIDDEN
from annotations.phrases.writing_flags import People, flags_of, said_by_others
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing, better_than_guessing

_WORDS = ("subject", "rendered_text", "rewordings")  # that a score repeats


def _typed(phrase: Phrase) -> str:
    return HIDDEN if phrase.moderation == Moderation.HIDDEN else phrase.text


def _words(attribute: str) -> Callable[[Phrase], Any]:
    """Return a getter of what a score repeats of the phrase's words; None where the staff hid them."""
    value = along(f"score?.{attribute}")
    return lambda phrase: None if phrase.moderation == Moderation.HIDDEN else value(phrase)


def _better(phrase: Phrase) -> Cell:
    if not hasattr(phrase, "score"):
        return None
    score, level = phrase.score, phrase.vocabulary_level  # type: ignore[attr-defined]  # annotated
    assert score.null_level is not None, "every score is stored with its null level"
    return better_than_guessing(score.value, score.null_level, level, score.n_correct, score.n_error)


def _beside_others(numbers: Mapping[int, int], people: People) -> dict[str, Callable[[Phrase], Cell]]:
    return {
        "concept": lambda phrase: numbers.get(phrase.pk),
        "said_by_others": lambda phrase: said_by_others(phrase, people),
        "writing_flags": lambda phrase: " ".join(flags_of(phrase, people)),
    }


PHRASES: Table[Phrase] = worded(
    __package__,
    "phrases",
    {
        "text": _typed,
        "better_than_guessing": _better,
        **{name: _words(name) for name in _WORDS},
        **_beside_others({}, {}),
    },
    {"better_than_guessing": BetterThanGuessing},
)


def with_what_others_did(numbers: Mapping[int, int], people: People) -> Table[Phrase]:
    """Return `PHRASES` with the concepts of a study, and who said the same.

    numbers: of concepts, by the phrase's id; people: as `people_by_words` counts them.
    """
    cells = _beside_others(numbers, people)
    return replace(
        PHRASES, columns=tuple(replace(each, read=cells.get(each.name, each.read)) for each in PHRASES.columns)
    )
