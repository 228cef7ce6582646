"""Every text that a participant sees is marked for translation, and the second language has all of them."""

import io
import re
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from bs4.element import Doctype
from django.template.base import Lexer, TokenType
from django.utils import translation

from annotations.base.service_errors import PhraseRefused, TooFewPhrases
from tests.support import messages

BY_LANGUAGE = pytest.mark.parametrize("language", messages.LANGUAGES)
_SLOTS = re.compile(r"%\(\w+\)[sd]|\{\w+\}|</?[a-z]+[^>]*>|%%")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SPOKEN_ATTRIBUTES = re.compile(r'\b(?:alt|title|aria-label|placeholder)="([^"]*)"|\bdata-[a-z-]+="([A-Z][^"]*)"')
_NOT_SAID = {  # translated, names of classes, remarks
    "blocktranslate": "endblocktranslate",
    "block page_class": "endblock",
    "comment": "endcomment",
}
_SAME_EVERYWHERE = {"Clarify"}


def texts_of(template: Path) -> list[str]:
    """What a template says in itself, outside of its translated parts."""
    said, ends = [], ""
    for token in Lexer(template.read_text("utf-8")).tokenize():
        if token.token_type == TokenType.BLOCK:
            begins = next((begin for begin in _NOT_SAID if token.contents.startswith(begin)), "")
            ends = "" if token.contents == ends else ends or _NOT_SAID.get(begins, "")
            said.append(" ")
        elif token.token_type == TokenType.TEXT and not ends:
            said.append(token.contents)
    source = "".join(said)
    between_tags = BeautifulSoup(source, "html.parser").find_all(string=True)
    spoken = [str(text) for text in between_tags if not isinstance(text, Doctype)]
    return [*spoken, *(text for pair in _SPOKEN_ATTRIBUTES.findall(source) for text in pair)]


@pytest.mark.parametrize(
    "template",
    sorted(messages.TEMPLATES.rglob("*.html")),
    ids=lambda path: path.relative_to(messages.TEMPLATES).as_posix(),
)
def test_a_template_says_nothing_that_cannot_be_translated(template: Path) -> None:
    if "api" in template.parts:
        pytest.skip("for programmers, in English")
    words = {word for text in texts_of(template) for word in _WORD.findall(text)}
    assert words - _SAME_EVERYWHERE == set()


def test_the_test_above_sees_a_text_that_was_forgotten(tmp_path: Path) -> None:
    forgotten = tmp_path / "page.html"
    forgotten.write_text(
        '<p class="lead">{% translate "Said" %} forgotten</p><img alt="too">'
        "{# not this #}{% comment %}nor this{% endcomment %}"
    )
    assert {word for text in texts_of(forgotten) for word in _WORD.findall(text)} == {"forgotten", "too"}


@BY_LANGUAGE
def test_the_catalogue_holds_exactly_the_texts_of_the_pages(language: str) -> None:
    written = messages.written(messages.updated(language))
    assert written == messages.path_of(language).read_bytes(), "run `make messages`"


@BY_LANGUAGE
def test_every_text_is_translated(language: str) -> None:
    assert messages.untranslated(messages.stored(language)) == []


def gettext_reads(content: bytes) -> dict[Any, str]:
    """All texts of a .mo file, and its header without the version of what compiled it."""
    read = GNUTranslations(io.BytesIO(content))
    header = "\n".join(f"{name}: {value}" for name, value in read.info().items() if name != "generated-by")
    return {**vars(read)["_catalog"], "": header}


@BY_LANGUAGE
def test_what_gettext_reads_is_what_the_catalogue_says(language: str) -> None:
    assert gettext_reads(messages.path_of(language, "mo").read_bytes()) == gettext_reads(
        messages.compiled(messages.stored(language))
    )


@BY_LANGUAGE
def test_a_translation_keeps_what_is_filled_in_and_every_tag(language: str) -> None:
    for message in messages.stored(language):
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for original, string in zip(originals, strings, strict=True) if message.id else ():
            assert sorted(_SLOTS.findall(str(original))) == sorted(_SLOTS.findall(str(string))), original


def test_refusals_speak_the_language_of_who_asked() -> None:
    with translation.override("de"):
        assert PhraseRefused("empty").message == "Bitte schreiben Sie zuerst ein paar Wörter."
        assert TooFewPhrases(2).message.startswith("Bitte schicken Sie mindestens 2 Versuche")
    assert PhraseRefused("empty").message == "Please type a phrase first."
