import random
from itertools import combinations

import numpy as np
import open_clip
import pytest

from clarify_errors.arrays.sprites.attributes import VALUES
from tests.modeling.tensors.encoders.small_clip.grammar import Caption, satisfied, vocabulary_texts, write_captions
from tests.modeling.tensors.encoders.small_clip.lexicon import ENTRIES
from tests.support.sprites import sprites_of


@pytest.fixture(scope="module")
def captions() -> list[Caption]:
    return write_captions(100_000, random.Random(4))


def test_a_caption_is_true_of_the_sprites_that_have_all_it_names() -> None:
    sprites = sprites_of(
        [
            {"shape": "square", "colour": "red"},
            {"shape": "square", "colour": "blue"},
            {"shape": "oval", "colour": "red"},
            {"shape": "star", "colour": "green"},
        ]
    )
    captions = [
        Caption("red", {"colour": frozenset({"red"})}),
        Caption("a red square", {"colour": frozenset({"red"}), "shape": frozenset({"square"})}),
        Caption("not red", {"colour": frozenset(VALUES["colour"]) - {"red"}}),
        Caption("pointy", {"shape": frozenset({"triangle", "star"})}),
    ]
    expected = [[1, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 1]]
    np.testing.assert_array_equal(satisfied(captions, sprites), np.array(expected, dtype=bool))


def test_a_seed_gives_one_series_of_captions(captions: list[Caption]) -> None:
    assert write_captions(50, random.Random(4)) == captions[:50]
    assert write_captions(50, random.Random(5)) != captions[:50]


def test_captions_name_one_to_four_attributes(captions: list[Caption]) -> None:
    sizes = np.bincount([len(caption.allows) for caption in captions], minlength=5) / len(captions)
    np.testing.assert_allclose(sizes, [0, 0.5, 0.3, 0.14, 0.06], atol=0.02)


def test_captions_name_only_values_that_sprites_have(captions: list[Caption]) -> None:
    for caption in captions:
        for name, allowed in caption.allows.items():
            assert allowed and allowed < set(VALUES[name]), caption


@pytest.mark.parametrize(
    ("text", "attribute", "values"),
    [
        ("red", "colour", "red"),
        ("crimson", "colour", "red"),
        ("navy", "colour", "blue"),
        ("something red", "colour", "red"),
        ("an image of a red", "colour", "red"),
        ("box", "shape", "square"),
        ("squares", "shape", "square"),
        ("an ellipse", "shape", "oval"),
        ("an image of a circles", "shape", "oval"),
        ("tiny", "size", "small"),
        ("huge", "size", "large"),
        ("rotated", "tilt", "tilted"),
        ("dark", "shade", "dark"),
        ("light", "shade", "light"),
        ("bright", "shade", "light"),
        ("dark background", "shade", "dark"),
        ("stripes", "texture", "striped"),
        ("striped background", "texture", "striped"),
        ("dots", "texture", "dotted"),
        ("not red", "colour", "orange yellow green cyan blue purple pink brown"),
    ],
)
def test_what_people_write_is_written_and_means_what_they_mean(
    captions: list[Caption], text: str, attribute: str, values: str
) -> None:
    meanings = [caption.allows for caption in captions if caption.text == text]
    assert meanings
    assert all(meaning == {attribute: frozenset(values.split())} for meaning in meanings)


def test_no_text_means_two_things(captions: list[Caption]) -> None:
    meanings: dict[str, dict[str, frozenset[str]]] = {}
    for caption in captions:
        assert meanings.setdefault(caption.text, caption.allows) == caption.allows, caption.text


def test_no_word_stands_for_two_meanings() -> None:
    for one, other in combinations(ENTRIES, 2):
        assert not set(one.adjectives) & set(other.adjectives)
        assert not {word for pair in one.nouns for word in pair} & {word for pair in other.nouns for word in pair}


def test_every_value_can_be_said() -> None:
    said = {(entry.attribute, *entry.values) for entry in ENTRIES if len(entry.values) == 1 and entry.adjectives}
    assert said == {(name, value) for name, values in VALUES.items() for value in values}


def test_the_vocabulary_holds_every_token_of_the_captions(captions: list[Caption]) -> None:
    tokenizer = open_clip.SimpleTokenizer(context_length=24)
    known = set(tokenizer(list(vocabulary_texts())).unique().tolist())
    tokens = tokenizer([caption.text for caption in captions[:20_000]])
    assert set(tokens.unique().tolist()) <= known
    assert (tokens[:, -1] == 0).all(), "a caption fills the context"
