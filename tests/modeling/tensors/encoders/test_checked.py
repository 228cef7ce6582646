from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from clarify_errors.arrays.common.modeling_errors import BadEmbedding
from clarify_errors.tensors.encoders import CheckedEncoder


class Fake:
    """Embeds anything as the unit vector of its position in the batch, and then spoils the rows as a test asks."""

    name, dim = "fake", 3

    def __init__(self, spoil: Callable[[NDArray[np.float32]], Any] = lambda rows: rows) -> None:
        self.batches: list[int] = []
        self.spoil = spoil

    def encode_images(self, images: Sequence[Image.Image]) -> Any:
        return self.encode_texts([str(image.getpixel((0, 0))) for image in images])

    def encode_texts(self, texts: Sequence[str]) -> Any:
        self.batches.append(len(texts))
        return self.spoil(np.eye(3, dtype=np.float32)[[int(text) % 3 for text in texts]])


TEXTS = ["0", "1", "2", "1", "0"]


def test_inputs_pass_in_batches_and_keep_their_order() -> None:
    fake = Fake()
    encoder = CheckedEncoder(fake, batch_size=2)
    rows = encoder.encode_texts(TEXTS)
    assert fake.batches == [2, 2, 1]
    np.testing.assert_array_equal(rows.argmax(1), [0, 1, 2, 1, 0])
    images = [Image.new("L", (1, 1), value) for value in (2, 0, 1)]
    np.testing.assert_array_equal(encoder.encode_images(images).argmax(1), [2, 0, 1])


class Small(Fake):
    """Has memory for so many at once."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def encode_texts(self, texts: Sequence[str]) -> Any:
        rows = super().encode_texts(texts)
        if len(texts) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return rows


def test_a_batch_that_does_not_fit_into_memory_is_halved_and_later_ones_stay_as_small() -> None:
    fake = Small(room=2)
    encoder = CheckedEncoder(fake, batch_size=8)
    for _ in range(2):
        np.testing.assert_array_equal(encoder.encode_texts(TEXTS).argmax(1), [0, 1, 2, 1, 0])
    assert fake.batches == [5, 2, 2, 1, 2, 2, 1]


def test_memory_that_does_not_even_hold_one_is_an_error() -> None:
    fake = Small(room=0)
    with pytest.raises(torch.OutOfMemoryError):
        CheckedEncoder(fake, batch_size=4).encode_texts(TEXTS)
    assert fake.batches == [4, 2, 1]


def test_no_input_gives_no_rows_without_asking_the_encoder() -> None:
    fake = Fake()
    rows = CheckedEncoder(fake).encode_images([])
    assert rows.shape == (0, 3)
    assert rows.dtype == np.float32
    assert not fake.batches


def with_nan(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    rows[1, 0] = np.nan
    return rows


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows.astype(np.float64), "not float64"),
        (lambda rows: rows[:, :2], r"shape \(5, 2\)"),
        (lambda rows: rows[:4], r"shape \(4, 3\)"),
        (lambda rows: rows.tolist(), "not a list"),
        (lambda rows: rows * np.float32(1.01), "row 0 has length 1.01"),
        (lambda rows: rows * np.float32(0), "row 0 has length 0"),
        (with_nan, "row 1 has length nan"),
    ],
)
def test_anything_but_finite_float32_unit_rows_is_refused_by_name(
    spoil: Callable[[NDArray[np.float32]], Any], message: str
) -> None:
    encoder = CheckedEncoder(Fake(spoil))
    with pytest.raises(BadEmbedding, match=f"the encoder fake must return.*{message}"):
        encoder.encode_texts(TEXTS)


def test_rounding_of_lengths_is_no_error() -> None:
    rows = CheckedEncoder(Fake(lambda rows: rows * np.float32(1 + 1e-6))).encode_texts(TEXTS)
    assert rows.shape == (5, 3)


def test_it_describes_what_the_encoder_within_describes() -> None:
    class Talkative(Fake):
        def describe(self) -> dict[str, str]:
            return {"preprocessing": "none"}

    known = {"spec": "python:fake", "name": "fake", "dim": 3}
    assert CheckedEncoder(Talkative(), "python:fake").description == {**known, "preprocessing": "none"}
    assert CheckedEncoder(Fake(), "python:fake").description == known
