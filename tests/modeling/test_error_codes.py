"""Rows, logs and other people's code tell errors apart by their codes."""

import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray, EncoderUnavailable, ModelingError, NothingToSeparate
from clarify_errors.arrays.datasets.importing.import_errors import ImageInTwoSplits


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ModelingError, "modeling_error"),
        (BadArray, "bad_array"),
        (EncoderUnavailable, "encoder_unavailable"),
        (NothingToSeparate, "nothing_to_separate"),
        (ImageInTwoSplits, "image_in_two_splits"),
    ],
)
def test_an_errors_code_is_its_name_in_small_letters(error: type[ModelingError], code: str) -> None:
    assert error.code == code
