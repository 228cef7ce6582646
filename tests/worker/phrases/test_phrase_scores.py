"""Words are read and scored in one way, whoever says them."""

import numpy as np
import pytest

from annotations.models import Dataset
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.phrases.phrase_reading import read_phrase
from tests.support import actors
from tests.support.fake_encoder import FakeEncoder
from worker.phrases.scoring import score_on

TEMPLATE = "an image of a {phrase}"


def test_a_sentence_and_its_negation_point_to_opposite_images(sprites_like: Dataset) -> None:
    rows, attributes = sprites_like.files.rows(Split.VALIDATION, actors.SQUARE), sprites_like.files.attributes
    assert attributes is not None
    is_error = attributes[rows] == actors.RED
    embedding = FakeEncoder().encode_texts(["an image of a red"])[0]
    (with_it, has), (without_it, lacks) = (
        score_on(sprites_like, read_phrase(text, TEMPLATE), embedding, rows, is_error)
        for text in ("they have red in them", "there is no red")
    )
    assert has.value == pytest.approx(1)
    assert lacks.value == pytest.approx(0)
    assert np.array_equal(with_it, without_it)
