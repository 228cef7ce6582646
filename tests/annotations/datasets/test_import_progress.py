"""How far an import is, in a sentence."""

import pytest

from annotations.datasets.import_requests import import_progress
from annotations.models import DatasetImport


@pytest.mark.parametrize(
    ("phase", "n_done", "n_total", "sentence"),
    [
        ("", 0, None, "Begins."),
        ("unpacking", 1024, 2048, "Unpacking: 1.0\N{NO-BREAK SPACE}KB of 2.0\N{NO-BREAK SPACE}KB."),
        ("loading the encoder", 0, None, "Loading the encoder; the first images follow within a minute or two."),
        ("embedding", 0, 572, "Embedding: 0 of 572 images. The first ones are counted within a minute or two."),
        ("embedding", 1200, 4000, "Embedding: 1,200 of 4,000 images."),
        ("listing", 0, None, "Listing."),
        ("training a base model", 4000, 4000, "Training a base model."),
    ],
)
def test_a_step_says_how_much_is_done_where_that_is_counted(
    phase: str, n_done: int, n_total: int | None, sentence: str
) -> None:
    assert import_progress(DatasetImport(phase=phase, n_done=n_done, n_total=n_total)) == sentence
