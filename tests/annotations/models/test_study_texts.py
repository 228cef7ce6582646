"""A study's own texts, in the language of the page where they were translated."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from annotations.models.study_texts import AskedQuestion, StudyText, asked_questions, study_text, validate_translations

FIELDS: dict[str, Any] = {
    "title": "Shapes",
    "consent_text": "Do you agree?",
    "end_questions": "How hard? | easy | hard\nWhy?",
    "language": "en",
    "translations": {
        "de": {"consent_text": "Sind Sie einverstanden?", "end_questions": "Wie schwer? | leicht | schwer\nWarum?"}
    },
}


def test_a_text_is_in_the_language_asked_for_where_it_was_translated() -> None:
    assert study_text(FIELDS, "consent_text", "de") == StudyText("Sind Sie einverstanden?", "de")
    assert study_text(FIELDS, "consent_text", "en") == StudyText("Do you agree?", "en")


def test_what_was_not_translated_says_that_it_is_in_the_studys_own_language() -> None:
    assert study_text(FIELDS, "title", "de") == StudyText("Shapes", "en")
    assert study_text(FIELDS | {"language": "de", "translations": {}}, "title", "en") == StudyText("Shapes", "de")


def test_a_configuration_that_froze_before_there_were_translations_is_english() -> None:
    frozen = {"consent_text": "Do you agree?"}
    assert study_text(frozen, "consent_text", "de") == StudyText("Do you agree?", "en")
    assert asked_questions(frozen, "de") == ()


def test_a_translated_choice_is_stored_in_the_studys_own_wording() -> None:
    assert asked_questions(FIELDS, "de") == (
        AskedQuestion(1, "Wie schwer?", (("easy", "leicht"), ("hard", "schwer")), "de"),
        AskedQuestion(2, "Warum?", (), "de"),
    )
    assert asked_questions(FIELDS, "fr")[0] == AskedQuestion(1, "How hard?", (("easy", "easy"), ("hard", "hard")), "en")


def test_translations_that_can_stand_in_for_the_studys_own_texts_are_accepted() -> None:
    validate_translations(FIELDS)
    validate_translations(FIELDS | {"translations": {}})


@pytest.mark.parametrize(
    ("translations", "sentence"),
    [
        (None, "texts by their language"),
        ({"tlh": {"title": "nuq"}}, "do not speak “tlh”"),
        ({"en": {"title": "Shapes"}}, "own texts are in English"),
        ({"de": {"slug": "formen"}}, "something else than title"),
        ({"de": {"title": 7}}, "something else than title"),
        ({"de": "Formen"}, "something else than title"),
        ({"de": {"title": "F" * 121}}, "longer than 120 characters"),
        ({"de": {"end_questions": "Wie schwer? | leicht | schwer"}}, "as many as the study’s own"),
        ({"de": {"end_questions": "Wie schwer? | leicht\nWarum?"}}, "each with as many answers"),
        ({"de": {"end_questions": "Wie schwer? | leicht | \nWarum?"}}, "empty part"),
    ],
)
def test_others_are_refused_with_a_sentence(translations: Any, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        validate_translations(FIELDS | {"translations": translations})
