"""The consent text that a study begins with, in the languages of the pages, and what of it is filled in."""

from collections.abc import Mapping
from typing import Any, Final

RETENTION: Final = "{retention}"  # in any text of a study's own: what becomes of the tie to a person, and when

DEFAULT_CONSENTS: Final = {
    "en": (
        "You will look at images that a computer program sorted, some of them wrongly, and describe in your own words "
        "what the wrong ones have in common. You may stop at any time.\n"
        "\n"
        "We store what you write and answer, which images you were shown, what you did on each page and how long it "
        "took, and what your browser says of your device: the size of its window, whether it has a touch screen, and "
        "how fast the connection is. If you come from Prolific, its ids of you and of your visit are kept too, "
        "encrypted and apart from the rest, so that you can be paid. We do not store your name or your internet "
        "address.\n"
        "\n"
        "{retention} What is left then leads to nobody, and may be published with what you wrote. Until then you can "
        "withdraw, by a link on each page of your visit and at its end, also weeks later: what you did is deleted, and "
        "what you completed is paid all the same.\n"
        "\n"
        "Do you agree to take part?"
    ),
    "de": (
        "Sie sehen Bilder, die ein Computerprogramm sortiert hat, einige davon falsch, und beschreiben in eigenen "
        "Worten, was die falschen gemeinsam haben. Sie können jederzeit aufhören.\n"
        "\n"
        "Wir speichern, was Sie schreiben und antworten, welche Bilder Sie gesehen haben, was Sie auf jeder Seite "
        "getan haben und wie lange es gedauert hat, und was Ihr Browser über Ihr Gerät sagt: wie groß sein Fenster "
        "ist, ob es einen Touchscreen hat und wie schnell die Verbindung ist. Wenn Sie von Prolific kommen, werden "
        "auch dessen Kennungen von Ihnen und Ihrem Besuch aufbewahrt, verschlüsselt und getrennt vom Rest, damit Sie "
        "bezahlt werden können. Ihren Namen und Ihre Internetadresse speichern wir nicht.\n"
        "\n"
        "{retention} Was dann bleibt, führt zu niemandem, und darf mit dem, was Sie geschrieben haben, veröffentlicht "
        "werden. Bis dahin können Sie Ihre Teilnahme zurückziehen, über einen Link auf jeder Seite Ihres Besuchs und "
        "an seinem Ende, auch noch Wochen später: Was Sie getan haben, wird gelöscht, und was Sie abgeschlossen haben, "
        "wird trotzdem bezahlt.\n"
        "\n"
        "Stimmen Sie der Teilnahme zu?"
    ),
}
# Of the defaults that drafts of earlier versions hold; how long it takes stands above the text now.
_EARLIER_SENTENCES: Final = (" It takes a few minutes.", " Das dauert einige Minuten.")
_BY_HAND: Final = {
    "en": "What ties these data to you is destroyed when the study is over and everybody is paid; no day is set for "
    "it.",
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
    """Return the consent text and all translations of a study as people read them, with RETENTION filled in.

    A default that nobody changed is there in each language that it was written in, unless it was translated otherwise.
    """
    by_language = {code: dict(texts) for code, texts in translations.items()}
    if _without_earlier(text) in DEFAULT_CONSENTS.values():
        text = _without_earlier(text)
        text = DEFAULT_CONSENTS.get(language, text)
        for code in DEFAULT_CONSENTS.keys() - {language}:
            texts = by_language.setdefault(code, {})
            texts["consent_text"] = texts.get("consent_text") or DEFAULT_CONSENTS[code]
    for code, texts in by_language.items():
        if "consent_text" in texts:
            texts["consent_text"] = texts["consent_text"].replace(RETENTION, retention_sentence(days, code))
    return text.replace(RETENTION, retention_sentence(days, language)), by_language


def _without_earlier(text: str) -> str:
    for sentence in _EARLIER_SENTENCES:
        text = text.replace(sentence, "", 1)
    return text
