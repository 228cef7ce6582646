"""The consent text as people read it: with how long data are kept, and in each language that it was written in."""

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from annotations.models import Study
from annotations.models.consent_texts import (
    DEFAULT_CONSENTS,
    PAY,
    RETENTION,
    frozen_consent,
    retention_sentence,
    says_writing_is_counted,
)

OWN = "We keep your words. {retention} Do you agree?"


@pytest.mark.parametrize(
    ("days", "language", "says"),
    [
        (None, "en", "no fixed date"),
        (0, "en", "As soon as the study ends"),
        (1, "en", "One day after"),
        (90, "en", "90 days after"),
        (None, "de", "steht nicht fest"),
        (0, "de", "Sobald die Studie endet"),
        (1, "de", "Einen Tag nach"),
        (90, "de", "90 Tage nach"),
        (90, "fr", "90 days after"),
    ],
)
def test_when_ids_are_destroyed_is_a_sentence(days, language, says):
    sentence = retention_sentence(days, language)
    assert says in sentence and sentence.endswith(".") and "{" not in sentence


def test_a_text_of_ones_own_has_the_retention_filled_in_and_no_language_more():
    text, translations = frozen_consent(OWN, "en", {"de": {"title": "Vögel"}}, 90)
    assert text == f"We keep your words. {retention_sentence(90, 'en')} Do you agree?"
    assert translations == {"de": {"title": "Vögel"}}


def test_a_translation_has_it_in_its_own_language():
    _text, translations = frozen_consent(OWN, "en", {"de": {"consent_text": "Ja? {retention}"}}, 90)
    assert translations["de"]["consent_text"] == f"Ja? {retention_sentence(90, 'de')}"


def test_the_default_is_there_in_each_of_its_languages():
    text, translations = frozen_consent(DEFAULT_CONSENTS["en"], "en", {"de": {"title": "Vögel"}}, None)
    assert text.startswith("You look") and RETENTION not in text
    assert translations["de"]["title"] == "Vögel"
    assert translations["de"]["consent_text"].startswith("Sie sehen")


def test_the_default_of_an_earlier_version_is_a_text_of_ones_own():
    """Who approved a text finds it as it was, in the language that it was written in."""
    held = (
        DEFAULT_CONSENTS["en"]
        .replace("{writing}", "")
        .replace("You may leave", "It takes a few minutes. You may leave")
    )
    filled = held.replace(RETENTION, retention_sentence(90, "en")).replace(PAY, "")
    assert frozen_consent(held, "en", {}, 90) == (filled, {})


def test_a_study_in_german_with_the_default_is_in_german():
    text, translations = frozen_consent(DEFAULT_CONSENTS["en"], "de", {}, None)
    assert text.startswith("Sie sehen")
    assert translations["en"]["consent_text"].startswith("You look")


def test_a_translation_of_ones_own_stands_before_the_default():
    _text, translations = frozen_consent(DEFAULT_CONSENTS["en"], "en", {"de": {"consent_text": "Ja?"}}, None)
    assert translations["de"]["consent_text"] == "Ja?"


def test_what_a_study_holds_is_left_as_it_is():
    held = {"de": {"consent_text": "Ja? {retention}"}}
    frozen_consent(OWN, "en", held, 90)
    assert held == {"de": {"consent_text": "Ja? {retention}"}}


@pytest.mark.parametrize("language", DEFAULT_CONSENTS)
def test_the_default_says_what_is_stored_how_long_and_how_to_withdraw(language):
    """One word for each, in both languages, of all that is stored: docs/participants/pages.md names it."""
    words = {
        "en": "words, answers and clicks|images you saw|when you looked|times|JavaScript|Prolific|"
        "internet address|withdraw|link",
        "de": "Wörter, Antworten und Klicks|Bilder, die Sie gesehen|wann Sie|Zeiten|JavaScript|Prolific|"
        "Internetadresse|zurückziehen|Link",
    }[language]
    assert all(word in DEFAULT_CONSENTS[language] for word in (*words.split("|"), RETENTION))


def test_the_default_says_what_is_counted_while_somebody_writes_and_a_text_of_ones_own_does_where_it_asks_for_it():
    text, translations = frozen_consent(DEFAULT_CONSENTS["en"], "en", {}, None)
    assert says_writing_is_counted(text) and says_writing_is_counted(translations["de"]["consent_text"])
    assert not says_writing_is_counted(frozen_consent(OWN, "en", {}, None)[0])
    assert says_writing_is_counted(frozen_consent(f"{OWN} {{writing}}", "en", {}, None)[0])


@pytest.mark.parametrize("language", DEFAULT_CONSENTS)
@pytest.mark.parametrize(("pay", "bonus_cents"), [("reward", None), ("bonus", 100)])
def test_the_default_promises_pay_in_the_words_of_the_pages(language, pay, bonus_cents):
    study = Study(reward_cents=350, bonus_cents=bonus_cents)
    with translation.override(language):
        promise = render_to_string("annotations/parts/pay_and_words.html", {"study": study}).strip()
    assert promise
    assert promise in frozen_consent(DEFAULT_CONSENTS[language], language, {}, None, pay)[0]


@pytest.mark.parametrize("language", DEFAULT_CONSENTS)
def test_a_study_without_a_reward_speaks_of_pay_only_to_whom_prolific_sent(language):
    text, _translations = frozen_consent(DEFAULT_CONSENTS[language], language, {}, None)
    sentences = [
        sentence for sentence in text.replace("\n", " ").split(". ") if "pay" in sentence or "zahl" in sentence
    ]
    assert len(sentences) == 1 and "Prolific" in sentences[0]
    paid, _translations = frozen_consent(DEFAULT_CONSENTS[language], language, {}, None, "reward")
    assert ("stay paid" if language == "en" else "trotzdem bezahlt") in paid


def test_what_an_earlier_version_said_of_writing_still_tells_that_it_is_counted():
    earlier = (
        "As you write, we count pauses, changes, pastes and leaving the page, never keys. It never changes your pay."
    )
    assert says_writing_is_counted(earlier)
