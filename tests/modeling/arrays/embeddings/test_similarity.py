import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.similarity import similarities


def unit(n: int, d: int, seed: int = 0):
    rows = np.random.default_rng(seed).normal(size=(n, d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("d", [1, 7, 12, 384, 512, 768])
def test_a_similarity_depends_on_its_own_row_alone_to_the_bit(d):
    images, text = unit(257, d), unit(1, d, seed=1)[0]
    every = similarities(images, text)
    assert every.dtype == np.float32
    np.testing.assert_array_equal([similarities(images[i : i + 1], text)[0] for i in range(0, 257, 16)], every[::16])
    np.testing.assert_array_equal(similarities(images[3::5], text), every[3::5])
    np.testing.assert_array_equal(similarities(np.asfortranarray(images), text), every)


def test_a_similarity_is_the_cosine_of_unit_rows():
    images, text = unit(100, 512), unit(1, 512, seed=1)[0]
    np.testing.assert_allclose(similarities(images, text), images.astype(np.float64) @ text, atol=3e-7)


@pytest.mark.parametrize(
    ("images", "text"), [(unit(3, 4), unit(1, 5)[0]), (unit(3, 4)[0], unit(1, 4)[0]), (np.eye(2), np.ones(2))]
)
def test_arrays_that_do_not_fit_are_refused(images, text):
    with pytest.raises(BadArray):
        similarities(images, text)


def test_an_image_that_is_not_finite_is_named():
    images, text = unit(3, 4), unit(1, 4)[0]
    images[1, 2] = np.nan
    with pytest.raises(BadArray, match="image 1 or the text is not finite"):
        similarities(images, text)
