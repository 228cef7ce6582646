"""An encoder for tests that knows German beside English: `python:tests.support.german_encoder`."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tests.support.fake_encoder import FakeEncoder

_GERMAN = {"rot": "red", "rote": "red", "rotes": "red", "blau": "blue", "dunkel": "dark", "quadrat": "square"}


class GermanEncoder(FakeEncoder):
    """The fake encoder, whose German words mean what the English ones do."""

    name = "fake-colours-in-two-languages"
    languages = ("en", "de")

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[n, DIM] unit rows from n texts."""
        return super().encode_texts(
            [" ".join(_GERMAN.get(word, word) for word in text.casefold().split()) for text in texts]
        )


def load() -> GermanEncoder:
    return GermanEncoder()
