"""The consent text that a study begins with, in the languages of the pages, and what of it is filled in."""

from collections.abc import Mapping
from functools import reduce
from typing import Any, Final

from annotations.base.word_files import read_words

RETENTION: Final = "{retention}"  # in any text of a study's own: what becomes of the tie to a person, and when
WRITING: Final = "{writing}"  # what the page counts while somebody writes; where a text lacks it, nothing
PAY: Final = "{pay}"  # who is paid, in the words of the pages; nothing where the study has no reward

_FILE: Final = read_words(__package__, "consent_texts")
DEFAULT_CONSENTS: Final[dict[str, str]] = {language: texts["consent"] for language, texts in _FILE.items()}


def default_consent() -> str:
    """Return the text that a study begins with, which can be changed."""
    return DEFAULT_CONSENTS["en"]


def retention_sentence(days: int | None, language: str, pay: str = "reward") -> str:
    """Say when the ids of a study's people are destroyed. days: after its end, None: by hand; in English by default."""
    by_hand = "by_hand_unpaid" if pay == "unpaid" else "by_hand"
    name = {None: by_hand, 0: "at_once", 1: "one_day"}.get(days, "days")
    return _in(language, name).format(days=days)


def frozen_consent(
    text: str, language: str, translations: Mapping[str, Mapping[str, str]], days: int | None, pay: str = "unpaid"
) -> tuple[str, dict[str, dict[str, Any]]]:
    """Return the consent text and all translations of a study as people read them, with its places filled in.

    pay: what the study pays: "reward", "bonus" (and a reward) or "unpaid".
    A default that nobody changed is there in each language that it was written in, unless it was translated otherwise.
    """
    by_language = {code: dict(texts) for code, texts in translations.items()}
    if text in DEFAULT_CONSENTS.values():
        text = DEFAULT_CONSENTS.get(language, text)
        for code in DEFAULT_CONSENTS.keys() - {language}:
            texts = by_language.setdefault(code, {})
            texts["consent_text"] = texts.get("consent_text") or DEFAULT_CONSENTS[code]
    for code, texts in by_language.items():
        if "consent_text" in texts:
            texts["consent_text"] = _filled(texts["consent_text"], days, code, pay)
    return _filled(text, days, language, pay), by_language


def says_writing_is_counted(text: str) -> bool:
    """Whether somebody who agreed to a text was told that it is counted how the words come into the field."""
    return any(texts["writing"] in text for texts in _FILE.values())


def _filled(text: str, days: int | None, language: str, pay: str) -> str:
    retention = retention_sentence(days, language, pay)
    given = {WRITING: _in(language, "writing"), RETENTION: retention, PAY: _in(language, pay)}
    return reduce(lambda filled, place: filled.replace(place, given[place]), given, text)


def _in(language: str, name: str) -> str:
    text: str = _FILE.get(language, _FILE["en"])[name]
    return text
