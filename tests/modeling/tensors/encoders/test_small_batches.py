"""An image's embedding is the same alone, in a batch, and at the end of an import."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from clarify_errors.tensors.encoders import CheckedEncoder
from clarify_errors.tensors.encoders.checked import MIN_BATCH


class RoundsSmallBatchesDifferently:
    """As real encoders do: another kernel for small batches, another last bit."""

    name, dim = "rounding", 2

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        angles = np.array([image.getpixel((0, 0)) for image in images], np.float64) / 255
        angles += 1e-6 if len(images) < MIN_BATCH else 0
        return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise NotImplementedError


@pytest.mark.parametrize("size", [1, 2, 15, 16, 40])
def test_the_size_of_a_batch_does_not_matter(size: int) -> None:
    images = [Image.new("L", (1, 1), value) for value in range(40)]
    encoder = CheckedEncoder(RoundsSmallBatchesDifferently())
    all_at_once = encoder.encode_images(images)
    assert np.array_equal(encoder.encode_images(images[:size]), all_at_once[:size])


def test_the_test_encoder_does_depend_on_the_size_by_itself() -> None:
    images = [Image.new("L", (1, 1), value) for value in range(40)]
    encoder = RoundsSmallBatchesDifferently()
    assert not np.array_equal(encoder.encode_images(images[:1]), encoder.encode_images(images)[:1])


def test_no_images_give_no_rows() -> None:
    assert CheckedEncoder(RoundsSmallBatchesDifferently()).encode_images([]).shape == (0, 2)
