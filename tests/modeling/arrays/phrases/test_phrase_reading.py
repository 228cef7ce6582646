"""A sentence is read as what it says that images have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarify_errors.arrays.common.safe_text import is_safe
from clarify_errors.arrays.phrases.phrase_reading import read
from clarify_errors.arrays.phrases.phrase_text import normalise, refusal, split_negation


@pytest.mark.parametrize(
    ("phrase", "subject", "sign"),
    [
        ("The AI is often wrong on images that have dark red squares in it", "dark red squares", 1),
        ("the AI is wrong when there is water", "water", 1),
        ("it is wrong on dogs", "dogs", 1),
        ("images that have a red square", "a red square", 1),
        ("Most of the wrong ones are red.", "red", 1),
        ("pictures of the sea", "the sea", 1),
        ("photos with people in them", "people", 1),
        ("they all have stripes", "stripes", 1),
        ("They're tilted!", "tilted", 1),
        ("it\u2019s dark", "dark", 1),
        ("there is a person in the background", "a person in the background", 1),
        ("has a collar", "a collar", 1),
        ("with stripes", "stripes", 1),
        ("there is no water", "water", -1),
        ("images without a collar", "a collar", -1),
        ("images that are not red", "red", -1),
        ("they don't have a collar", "a collar", -1),
        ("images that do not show people", "people", -1),
        ("lacks a shadow", "a shadow", -1),
        ("they aren't not red", "red", 1),
        ("no collar", "collar", -1),
    ],
)
def test_a_sentence_is_what_it_says_that_images_have(phrase: str, subject: str, sign: int) -> None:
    assert read(phrase) == (subject, sign)


@pytest.mark.parametrize(
    "phrase",
    [
        "red",
        "red squares",
        "images",
        "it",
        "with",
        "they have",
        "there is ?",
        "made of wood",
        "of wood",
        "show jumping",
        "dark images that glow",
        "Italian ones",
        "theretofore is",
        "a stop sign.",
        "isolated trees",
        "es gibt Streifen",
        "🔴 is",
    ],
)
def test_any_other_phrase_is_taken_as_it_stands(phrase: str) -> None:
    assert read(phrase) == (phrase, 1)


_PARTS = [
    "the AI is wrong on ",
    "images that ",
    "they ",
    "there ",
    "have ",
    "is ",
    "no ",
    "don't have ",
    "in it",
    ".",
    "it's ",
]


@given(st.lists(st.sampled_from(_PARTS), max_size=5), st.text(min_size=1, max_size=20).filter(is_safe))
def test_what_is_read_of_an_accepted_phrase_is_accepted_and_stands_in_it(parts: list[str], text: str) -> None:
    phrase = normalise("".join(parts) + text)
    if refusal(phrase) is None:
        subject, sign = read(phrase)
        assert refusal(subject) is None
        assert subject in phrase
        assert sign in {-1, 1}


@given(st.text(st.characters(categories=("L", "N", "Zs")), min_size=1, max_size=30))
def test_a_phrase_without_a_frame_is_read_by_its_negation_alone(text: str) -> None:
    phrase = normalise("Xylophone " + text)
    assert read(phrase) == split_negation(phrase)
