"""The list of common words, and which words of a phrase are in no list."""

import pytest

from clarify_errors.arrays.phrases.phrase_text import refusal
from clarify_errors.arrays.phrases.word_forms import (
    COMMON_WORDS_SHA256,
    common_words,
    nearest_word,
    unknown_words,
    words_digest,
)


def test_the_list_is_the_one_whose_digest_is_stated() -> None:
    assert words_digest(common_words()) == COMMON_WORDS_SHA256


def test_it_has_thousands_of_words_and_phrases_that_could_be_submitted_each_once() -> None:
    words = common_words()
    assert len(words) == len(set(words)) == 5_153
    assert sum(" " in word for word in words) > 1_000
    assert [word for word in words if refusal(word)] == []
    assert {"red", "dog", "snow", "small", "living room"} <= set(words)


@pytest.mark.parametrize(
    ("phrase", "unknown"),
    [
        ("qwzx", ("qwzx",)),
        ("Qwzx, vlorks and 3 brilligs", ("qwzx", "vlork", "brillig")),
        ("no qwzx", ("qwzx",)),
        ("красные квадраты", ("красные", "квадраты")),
        ("qwzx dogs", ()),  # one word that is known is enough
        ("Zebras", ()),
        ("tangerine", ()),  # of the vocabulary
        ("no", ()),
        ("42", ()),
        ("the images of many", ()),
        ("🟥", ()),
    ],
)
def test_a_phrase_is_unknown_where_no_list_has_a_word_of_it(phrase: str, unknown: tuple[str, ...]) -> None:
    assert unknown_words(phrase) == unknown


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("rde", "red"), ("Bleu", "blue"), ("waterr", "water"), ("backgroud", "background"), ("qwzx", ""), ("poodel", "")],
)
def test_a_typing_error_leads_to_the_word_that_is_near_enough(typed: str, meant: str) -> None:
    assert nearest_word(typed) == meant
