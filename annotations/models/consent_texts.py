"""The consent text that a study begins with, in the languages of the pages, and what of it is filled in."""

from collections.abc import Mapping
from typing import Any, Final

RETENTION: Final = "{retention}"  # in any text of a study's own: what becomes of the tie to a person, and when
WRITING: Final = "{writing}"  # what the page counts while somebody writes; where a text lacks it, nothing

DEFAULT_CONSENTS: Final = {
    "en": (
        "You look at images a computer sorted, and say what its mistakes have in common. You can stop any "
        "time.\n"
        "\n"
        "We keep what you write, which images you saw, what you did and when, and your device's window size, touch "
        "screen and connection. {writing} To pay you, we keep Prolific's ids of you and this visit apart, locked. We "
        "keep no name or internet address.\n"
        "\n"
        "{retention} Then nothing leads to you, and the rest may be published. Until then you can withdraw by a link "
        "on each page: we delete all, and pay what you completed."
    ),
    "de": (
        "Sie sehen Bilder an, die ein Computer sortiert hat, und sagen, was seine Fehler gemeinsam haben. Sie können "
        "jederzeit aufhören.\n"
        "\n"
        "Wir speichern, was Sie schreiben, welche Bilder Sie gesehen haben, was Sie wann getan haben, "
        "und von Ihrem Gerät die Fenstergröße, ob es einen Touchscreen hat, und die Verbindung. {writing} "
        "Um Sie zu bezahlen, bewahren wir die Kennungen, die Prolific Ihnen und diesem Besuch gibt, verschlüsselt und "
        "getrennt davon auf. Ihren Namen und Ihre Internetadresse speichern wir nicht.\n"
        "\n"
        "{retention} Dann führt nichts mehr zu Ihnen, und der Rest darf veröffentlicht werden. Bis dahin können Sie "
        "Ihre Teilnahme über einen Link auf jeder Seite zurückziehen: Wir löschen alles, und bezahlen trotzdem, "
        "was Sie abgeschlossen haben."
    ),
}
_WRITING: Final = {
    "en": "As you write, we count pauses, changes, pastes and leaving the page, never keys. It never changes your pay.",
    "de": "Während Sie schreiben, zählen wir Pausen, Änderungen, Eingefügtes und ob Sie die Seite verlassen, nie die "
    "Tasten. Ihre Bezahlung hängt nie davon ab.",
}
_BY_HAND: Final = {
    "en": "What ties these data to you is destroyed once all are paid; no day is set.",
    "de": "Was diese Daten mit Ihnen verbindet, wird vernichtet, wenn die Studie vorbei ist und alle bezahlt sind; ein "
    "Tag dafür ist nicht festgelegt.",
}
_AT_ONCE: Final = {
    "en": "What ties these data to you is destroyed as soon as the study ends.",
    "de": "Was diese Daten mit Ihnen verbindet, wird vernichtet, sobald die Studie endet.",
}
_ONE_DAY: Final = {
    "en": "What ties these data to you is destroyed one day after the study ends.",
    "de": "Was diese Daten mit Ihnen verbindet, wird einen Tag nach dem Ende der Studie vernichtet.",
}
_DAYS: Final = {
    "en": "What ties these data to you is destroyed {days} days after the study ends.",
    "de": "Was diese Daten mit Ihnen verbindet, wird {days} Tage nach dem Ende der Studie vernichtet.",
}


def default_consent() -> str:
    """Return the text that a study begins with, which can be changed."""
    return DEFAULT_CONSENTS["en"]


def retention_sentence(days: int | None, language: str) -> str:
    """Say when the ids of a study's people are destroyed. days: after its end, None: by hand; in English by default."""
    words = {None: _BY_HAND, 0: _AT_ONCE, 1: _ONE_DAY}.get(days, _DAYS)
    return words.get(language, words["en"]).format(days=days)


def frozen_consent(
    text: str, language: str, translations: Mapping[str, Mapping[str, str]], days: int | None
) -> tuple[str, dict[str, dict[str, Any]]]:
    """Return the consent text and all translations of a study as people read them, with both places filled in.

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
            texts["consent_text"] = _filled(texts["consent_text"], days, code)
    return _filled(text, days, language), by_language


def says_writing_is_counted(text: str) -> bool:
    """Whether somebody who agreed to a text was told that it is counted how the words come into the field."""
    return any(sentence in text for sentence in _WRITING.values())


def _filled(text: str, days: int | None, language: str) -> str:
    writing = _WRITING.get(language, _WRITING["en"])
    return text.replace(WRITING, writing).replace(RETENTION, retention_sentence(days, language))
