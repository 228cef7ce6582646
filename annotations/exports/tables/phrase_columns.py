"""Phrases and their scores."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from annotations.models import Moderation, Phrase
from annotations.readings.releases.moderated_words import HIDDEN
from annotations.readings.releases.writing_flags import People, flags_of, said_by_others
from annotations.tables.columns import Cell, Table
from annotations.tables.worded_tables import worded
from modeling.arrays.phrases.worded_scale import BetterThanGuessing, better_than_guessing

_OF_SCORE = (
    *("scored_at", "threshold", "two_sided_threshold", "p_value", "p_method", "tries", "null_level", "guessing_level"),
    *("level_shown", "goal", "goal_shown", "page_version", "sign", "text_template", "language", "text_digest"),
    *("class_name_cosine", "encoder", "dataset_digest", "code_version"),
)
_OF_SCORE_BY_ANOTHER_NAME = {
    "error_score": "value",
    "two_sided_error_score": "two_sided",
    "correct_images": "n_correct",
    "wrong_images": "n_error",
    "encode_time": "encode_ms",
}
_WORDS = ("subject", "rendered_text", "rewordings")  # that a score repeats
_OF_WRITING = {
    "time_to_first_edit": "first_ms",
    "edits": "edits",
    "edit_gap": "gap_ms",
    "pastes": "pastes",
    "page_left": "left",
}


def _scored(attribute: str) -> Callable[[Phrase], Any]:
    """Return a getter of a field of the phrase's score; None before it is scored."""
    return lambda phrase: getattr(phrase.score, attribute) if hasattr(phrase, "score") else None


def _typed(phrase: Phrase) -> str:
    return HIDDEN if phrase.moderation == Moderation.HIDDEN else phrase.text


def _words(attribute: str) -> Callable[[Phrase], Any]:
    """Return a getter of what a score repeats of the phrase's words; None where the staff hid them."""
    value = _scored(attribute)
    return lambda phrase: None if phrase.moderation == Moderation.HIDDEN else value(phrase)


def _better(phrase: Phrase) -> Cell:
    if not hasattr(phrase, "score"):
        return None
    score, level = phrase.score, phrase.vocabulary_level  # type: ignore[attr-defined]  # annotated
    assert score.null_level is not None, "every score is stored with its null level"
    return better_than_guessing(score.value, score.null_level, level, score.n_correct, score.n_error)


def _run_of(phrase: Phrase) -> Cell:
    return phrase.score.run.public_id if hasattr(phrase, "score") and phrase.score.run else None


def _chosen_run_of(phrase: Phrase) -> Cell:
    run = phrase.threshold_choice.run if hasattr(phrase, "threshold_choice") else None
    return run.public_id if run else None


def _counted(count: str) -> Callable[[Phrase], Cell]:
    return lambda phrase: (phrase.writing or {}).get(count)


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
        "run": _run_of,
        "chosen_threshold": lambda row: row.threshold_choice.threshold if hasattr(row, "threshold_choice") else None,
        "chosen_run": _chosen_run_of,
        "judgement": lambda row: row.judgement.answer if hasattr(row, "judgement") else None,
        **{name: _scored(name) for name in _OF_SCORE},
        **{name: _scored(attribute) for name, attribute in _OF_SCORE_BY_ANOTHER_NAME.items()},
        **{name: _words(name) for name in _WORDS},
        **{name: _counted(count) for name, count in _OF_WRITING.items()},
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
