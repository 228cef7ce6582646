import pytest

from clarify_errors.arrays.phrases.phrase_text import refusal
from clarify_errors.arrays.phrases.word_forms import contains_words, lemmas, same_words, vocabulary


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dogs", ("dog",)),
        ("two women in buses", ("two", "woman", "in", "bus")),
        ("grass", ("grass",)),
        ("the dog's babies", ("dog", "baby")),
        ("boxes and branches", ("box", "and", "branch")),
        ("image of an iris", ("iris",)),
        ("مربعات حمراء", ("مربعات", "حمراء")),
        ("?!", ()),
    ],
)
def test_lemmas(text: str, expected: tuple[str, ...]) -> None:
    assert lemmas(text) == expected


def test_nothing_is_the_same_as_nothing() -> None:
    assert not same_words("the", "a")
    assert not contains_words("red square", "the")


def test_words_are_contained_in_any_order() -> None:
    assert contains_words("squares that are red", "red square")
    assert not contains_words("red", "red square")


def test_every_phrase_of_the_vocabulary_could_be_submitted_and_is_there_once() -> None:
    assert len(vocabulary()) > 500
    assert [phrase for phrase in vocabulary() if refusal(phrase)] == []
    assert len({phrase.casefold() for phrase in vocabulary()}) == len(vocabulary())
