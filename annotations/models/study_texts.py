"""A study's own texts: in the language they were written in, and translated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from annotations.models.end_questions import end_questions

TRANSLATED = ("title", "introduction", "consent_text", "end_questions")
OWN_LANGUAGE = "en"  # of a study that does not say
MAX_TITLE_LENGTH = 120
MAX_TEXT_LENGTH = 20_000
MAX_LENGTHS = {**dict.fromkeys(TRANSLATED, MAX_TEXT_LENGTH), "title": MAX_TITLE_LENGTH}


@dataclass(frozen=True)
class StudyText:
    """A text and the code of the language that it is in, which need not be the one that was asked for."""

    text: str
    language: str


@dataclass(frozen=True)
class AskedQuestion:
    """One of the study's questions as a page shows it.

    options: what is stored and what is shown of each answer to choose from; empty where people write. What is stored
    is the study's own wording, so that answers can be counted whatever language they were given in.
    """

    number: int
    text: str
    options: tuple[tuple[str, str], ...]
    language: str


def study_text(fields: Mapping[str, Any], name: str, language: str) -> StudyText:
    """Return one of TRANSLATED in a language, or in the study's own where it was not translated.

    fields: of Study, by their names; those of a configuration that froze before there were translations lack them.
    """
    translation = fields.get("translations", {}).get(language, {}).get(name, "")
    if translation:
        return StudyText(translation, language)
    return StudyText(str(fields.get(name, "")), fields.get("language", OWN_LANGUAGE))


def asked_questions(fields: Mapping[str, Any], language: str) -> tuple[AskedQuestion, ...]:
    """Return the study's questions as they are asked in a language."""
    shown = study_text(fields, "end_questions", language)
    pairs = zip(end_questions(fields.get("end_questions", "")), end_questions(shown.text), strict=True)
    return tuple(
        AskedQuestion(own.number, asked.text, tuple(zip(own.choices, asked.choices, strict=True)), shown.language)
        for own, asked in pairs
    )


def validate_translations(fields: Mapping[str, Any]) -> None:
    """Raise ValidationError for the field `translations` unless each one can stand in for the study's own text.

    It is {language: {one of TRANSLATED: text}}. Questions are translated all or not at all, with all of their answers.
    """
    if not isinstance(fields["translations"], dict):
        _refuse("Translations are texts by their language.")
    for language, texts in fields["translations"].items():
        if language not in dict(settings.LANGUAGES):
            _refuse(f"The pages do not speak “{language}”.")
        if language == fields["language"]:
            _refuse(f"The study’s own texts are in {_name(language)}: write them there.")
        if not isinstance(texts, dict) or not all(
            name in TRANSLATED and isinstance(texts[name], str) for name in texts
        ):
            _refuse(f"The translation into {_name(language)} holds something else than {', '.join(TRANSLATED)}.")
        for name, text in texts.items():
            if len(text) > (most := MAX_LENGTHS[name]):
                _refuse(f"The {name.replace('_', ' ')} in {_name(language)} is longer than {most} characters.")
        _refuse_other_questions(fields["end_questions"], texts.get("end_questions", ""), language)


def _refuse_other_questions(own: str, translated: str, language: str) -> None:
    shapes = [[len(question.choices) for question in end_questions(lines)] for lines in (own, translated)]
    if translated and shapes[0] != shapes[1]:
        _refuse(f"The questions in {_name(language)} must be as many as the study’s own, each with as many answers.")
    if any(not question.text or "" in question.choices for question in end_questions(translated)):
        _refuse(f"A question in {_name(language)} has an empty part.")


def _refuse(sentence: str) -> None:
    raise ValidationError({"translations": sentence})


def _name(language: str) -> str:
    return str(dict(settings.LANGUAGES)[language])
