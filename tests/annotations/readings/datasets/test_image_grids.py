"""What an image's text tells."""

import pytest
from django.utils import translation

from annotations.readings.datasets.image_grids import Picture


@pytest.mark.parametrize(
    ("is_error", "description"), [(True, "Image 3, the AI was wrong"), (False, "Image 3, the AI was right")]
)
def test_the_description_tells_whether_the_ai_was_right_and_the_name_does_not(is_error: bool, description: str) -> None:
    picture = Picture(number=3, row=7, url="", is_error=is_error, said="oval")
    assert (picture.name, picture.description) == ("Image 3", description)


def test_it_speaks_the_language_of_the_page() -> None:
    with translation.override("de"):
        assert Picture(number=3, row=7, url="", is_error=True, said="oval").name == "Bild 3"
