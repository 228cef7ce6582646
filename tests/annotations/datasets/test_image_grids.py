"""What an image's text tells."""

import numpy as np
import pytest
from django.utils import translation

from annotations.datasets.class_images import Picture, visit_numbers
from clarify_errors.arrays.common.samples import sample


@pytest.mark.parametrize(
    ("is_error", "description"), [(True, "Image 3, the AI was wrong"), (False, "Image 3, the AI was right")]
)
def test_the_description_tells_whether_the_ai_was_right_and_the_name_does_not(is_error: bool, description: str) -> None:
    picture = Picture(number=3, row=7, url="", is_error=is_error, said="oval")
    assert (picture.name, picture.description) == ("Image 3", description)


def test_it_speaks_the_language_of_the_page() -> None:
    with translation.override("de"):
        assert Picture(number=3, row=7, url="", is_error=True, said="oval").name == "Bild 3"


def test_every_image_has_one_number_which_ascends_in_the_order_of_each_group() -> None:
    is_error = np.random.default_rng(1).random(90) < 1 / 3
    numbers = visit_numbers(is_error, (5, 6))
    assert sorted(numbers) == list(range(1, 91))
    for side in (0, 1):
        positions = np.flatnonzero(is_error == bool(side))
        in_order = numbers[positions[sample(len(positions), 25, 0, (5, 6, side))]]
        assert (np.diff(in_order) > 0).all()


def test_no_number_tells_whether_the_ai_was_right() -> None:
    is_error = np.arange(90) < 30
    by_number = is_error[np.argsort(visit_numbers(is_error, (5, 6)))]
    assert [int(third.sum()) for third in np.split(by_number, 3)] == [10, 10, 10]


@pytest.mark.parametrize("is_error", [[], [True], [False, False]])
def test_a_group_may_be_empty(is_error: list[bool]) -> None:
    assert sorted(visit_numbers(np.array(is_error, bool), (5, 6))) == list(range(1, len(is_error) + 1))
