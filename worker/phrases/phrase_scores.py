"""How a phrase is read and scored, whoever says it: a participant, or the command line of a benchmark."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.models import Dataset
from modeling.arrays.embeddings.similarity import similarities
from modeling.arrays.phrases.error_score import ErrorScore, error_score
from modeling.arrays.phrases.phrase_reading import read
from modeling.arrays.phrases.phrase_text import render


@dataclass(frozen=True)
class ReadPhrase:
    """What a phrase says. subject, sign: of `phrase_reading.read`; text: the subject in a template, as embedded."""

    subject: str
    sign: int
    text: str


@dataclass(frozen=True, eq=False)
class PhraseOnImages:
    """similarities: float32[n] of the images to the subject; score: of the similarities times the sign."""

    similarities: NDArray[np.float32]
    score: ErrorScore


def read_phrase(phrase: str, template: str) -> ReadPhrase:
    """Read a phrase in its stored form (`normalise`). Raises BadTemplate.

    >>> read_phrase("there is no water", "an image of a {phrase}")
    ReadPhrase(subject='water', sign=-1, text='an image of a water')
    """
    subject, sign = read(phrase)
    return ReadPhrase(subject, sign, render(template, subject))


def score_on(
    dataset: Dataset,
    said: ReadPhrase,
    embedding: NDArray[np.float32],
    rows: NDArray[np.int64],
    is_error: NDArray[np.bool_],
) -> PhraseOnImages:
    """Score a phrase on n images of a class. embedding: float32[d] of `said.text`; rows: int64[n]; is_error: bool[n].

    Raises BadDataset, BadArray for similarities that are not finite, NothingToSeparate.
    """
    values = similarities(dataset.files.array("similarity")[rows], embedding)
    return PhraseOnImages(values, error_score(said.sign * values, is_error))
