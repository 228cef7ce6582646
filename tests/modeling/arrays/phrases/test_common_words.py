"""The list of common words: what it is, and how it was made."""

from pathlib import Path

import pytest

from modeling.arrays.phrases.common_words import (
    COMMON_WORDS_SHA256,
    common_words,
    extract_common_words,
    unknown_words,
    words_digest,
)
from modeling.arrays.phrases.phrase_text import refusal

NOUNS = """  1 This is the licence.
00001740 05 n 02 dog 0 Frank 0 000 | an animal
00001741 06 n 01 ice_cream 0 000 | frozen
00001742 06 n 01 seldom_seen 0 000 | rare
00001743 15 n 01 China 0 000 | a land
00001744 06 n 01 china 0 000 | dishes
"""
ADJECTIVES = "00001745 00 s 01 afraid(p) 0 000 | in fear\n"
COUNTS = """dog%1:05:00:: 1 5
frank%1:05:00:: 1 9
ice_cream%1:06:00:: 1 1
seldom_seen%1:06:00:: 1 1
china%1:15:00:: 1 9
china%1:06:00:: 1 2
afraid%5:00:00:fear:00 1 3
dog%2:38:00:: 1 9
"""


def test_the_list_is_the_one_whose_digest_is_stated() -> None:
    assert words_digest(common_words()) == COMMON_WORDS_SHA256


def test_it_has_thousands_of_words_and_phrases_that_could_be_submitted_each_once() -> None:
    words = common_words()
    assert len(words) == len(set(words)) == 5_153
    assert sum(" " in word for word in words) > 1_000
    assert [word for word in words if refusal(word)] == []
    assert {"red", "dog", "snow", "small", "living room"} <= set(words)


def test_nouns_and_adjectives_are_selected_by_how_common_they_are(tmp_path: Path) -> None:
    for name, text in (("data.noun", NOUNS), ("data.adj", ADJECTIVES), ("cntlist.rev", COUNTS)):
        (tmp_path / name).write_text(text)
    (tmp_path / "english-words.10").write_text("dog\nfrank\nice\ncream\nafraid\nchina\n")
    (tmp_path / "english-words.35").write_text("seldom\nseen\n")
    assert extract_common_words(tmp_path, tmp_path) == ["afraid", "dog", "ice cream"]


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
