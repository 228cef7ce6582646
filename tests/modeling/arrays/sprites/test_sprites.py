import numpy as np
import pytest

from clarify_errors.arrays.sprites.attributes import VALUES
from clarify_errors.arrays.sprites.drawing import draw
from clarify_errors.arrays.sprites.style import Style
from tests.support.sprites import CLEAN, random_sprites, sprites_of


def drawn(n: int, **words: str) -> np.ndarray:
    """n sprites that differ only in what the words leave open, as float[n, 64, 64, 3] in 0..1."""
    attributes = sprites_of([words] * n)
    return draw(attributes, np.random.default_rng(3), CLEAN) / 255


def is_shape(images: np.ndarray) -> np.ndarray:
    """bool[n, 64, 64]: pixels that are coloured rather than grey."""
    coloured: np.ndarray = images.max(-1) - images.min(-1) > 0.3
    return coloured


def test_the_same_generator_state_draws_the_same_pixels() -> None:
    attributes = random_sprites(40, np.random.default_rng(0))
    first, again = (draw(attributes, np.random.default_rng(1)) for _ in range(2))
    assert first.shape == (40, 64, 64, 3) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)


def test_the_pixels_depend_on_the_generator() -> None:
    attributes = random_sprites(4, np.random.default_rng(0))
    assert (draw(attributes, np.random.default_rng(1)) != draw(attributes, np.random.default_rng(2))).mean() > 0.2


@pytest.mark.parametrize(("colour", "channels"), [("red", [0]), ("green", [1]), ("blue", [2]), ("yellow", [0, 1])])
def test_a_colour_dominates_its_channels(colour: str, channels: list[int]) -> None:
    images = drawn(10, colour=colour)
    mean = images[is_shape(images)].mean(0)
    others = [c for c in range(3) if c not in channels]
    assert mean[channels].min() > mean[others].max() + 0.3


def test_sizes_do_not_overlap() -> None:
    small, medium, large = (is_shape(drawn(20, size=size)).sum((1, 2)) for size in VALUES["size"])
    assert small.max() < medium.min() and medium.max() < large.min()


@pytest.mark.parametrize("shape", VALUES["shape"])
def test_every_shape_lies_within_the_image(shape: str) -> None:
    inside = is_shape(drawn(50, shape=shape, size="large", tilt="tilted"))
    assert not inside[:, [0, -1]].any() and not inside[:, :, [0, -1]].any()


def filling(shapes: np.ndarray) -> np.ndarray:
    """The share of its bounding box that each shape fills."""
    rows, columns = shapes.any(2).sum(1), shapes.any(1).sum(1)
    share: np.ndarray = shapes.sum((1, 2)) / (rows * columns)
    return share


def test_a_square_fills_its_bounding_box_unless_it_is_tilted() -> None:
    assert filling(is_shape(drawn(30, shape="square"))).min() > 0.85
    assert filling(is_shape(drawn(30, shape="square", tilt="tilted"))).max() < 0.8


def test_ovals_triangles_and_stars_fill_ever_less_of_their_bounding_box() -> None:
    oval, triangle, star = (filling(is_shape(drawn(30, shape=shape))) for shape in ("oval", "triangle", "star"))
    assert oval.min() > 0.7 and oval.max() < 0.85
    assert triangle.max() < 0.65 and star.max() < 0.6


def test_a_tilted_sprite_differs_from_an_upright_one_in_every_shape() -> None:
    for shape in VALUES["shape"]:
        upright, tilted = (is_shape(drawn(40, shape=shape, tilt=tilt)).sum(0) for tilt in VALUES["tilt"])
        assert np.abs(upright - tilted).mean() > 0.5, shape


def test_dark_backgrounds_are_darker_than_light_ones_whatever_their_texture() -> None:
    for texture in VALUES["texture"]:
        dark, light = (drawn(20, size="small", shade=shade, texture=texture) for shade in VALUES["shade"])
        assert dark[:, :8].max() < light[:, :8].min(), texture


def test_only_a_plain_background_is_of_one_grey() -> None:
    for texture in VALUES["texture"]:
        images = drawn(10, size="small", texture=texture)
        spread = np.array([image[~shape].std(0).mean() for image, shape in zip(images, is_shape(images), strict=True)])
        assert (spread < 0.02).all() if texture == "plain" else (spread > 0.03).all(), texture


def test_blur_softens_edges() -> None:
    attributes = sprites_of([{}] * 10)
    sharp, soft = (
        draw(attributes, np.random.default_rng(0), Style(noise=(0, 0), blur=(sigma, sigma), blurred=1)).astype(float)
        for sigma in (0, 1)
    )
    steepest = [np.abs(np.diff(images, axis=1)).max((1, 2, 3)) for images in (sharp, soft)]
    assert (steepest[1] < steepest[0] * 0.8).all()
