"""Phrases with the embeddings of their texts, made by an encoder or brought along."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH, phrase_language
from clarify_errors.arrays.phrases.phrase_reading import ReadPhrase, read_phrase
from clarify_errors.arrays.phrases.phrase_text import normalise, refusal, render
from clarify_errors.explanations.inputs import as_array

if TYPE_CHECKING:
    from clarify_errors.tensors.encoders import Encoder

Phrases = Sequence[str] | Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class EmbeddedPhrase:
    """A phrase, how it is read, and the embedding of its text.

    Attributes
    ----------
    phrase : str
    read : ReadPhrase
    embedding : float32 ndarray of shape (d,)
    """

    phrase: str
    read: ReadPhrase
    embedding: NDArray[np.float32]


def embedded_phrases(
    phrases: Phrases, template: str, encoder: "Encoder | None", language: str = ENGLISH, *, as_sentences: bool
) -> list[EmbeddedPhrase]:
    """Read phrases and embed their texts.

    Parameters
    ----------
    phrases : sequence of str, or mapping of str to ndarray of shape (d,)
        Each once. A mapping brings embeddings, and its keys are names, never read as sentences.
    template : str
        Text with exactly one ``{phrase}``.
    encoder : Encoder or None
        Not needed for a mapping.
    language : str, default "en"
        Code of the language of the phrases.
    as_sentences : bool
        Whether "there is no water" is read as water with sign -1.

    Returns
    -------
    list of EmbeddedPhrase

    Raises
    ------
    BadArray
        If a phrase says nothing or repeats, an embedding is not a vector, or an encoder is needed and missing, or
        does not understand the language.
    BadTemplate
        If the template is invalid.
    """
    words = [normalise(phrase) for phrase in phrases]
    for phrase, count in Counter(words).items():
        if refusal(phrase) or count > 1:
            raise BadArray(f"the phrase {phrase!r} {'stands twice' if not refusal(phrase) else 'says nothing'}")
    read = [
        read_phrase(each, template, language)
        if as_sentences and not isinstance(phrases, Mapping)
        else ReadPhrase(each, 1, render(template, each))
        for each in words
    ]
    if isinstance(phrases, Mapping):
        embeddings = unit_rows(np.stack([as_array(each).astype(np.float32) for each in phrases.values()]), "text")
    elif encoder is None:
        raise BadArray("phrases need an encoder, or their embeddings as a mapping of phrase to vector")
    elif language not in getattr(encoder, "languages", (ENGLISH,)):
        raise BadArray(
            f"the encoder does not understand {phrase_language(language).name}: choose one that does, such as "
            "open_clip:xlm-roberta-base-ViT-B-32:laion5b_s13b_b90k, or write the phrases in English"
        )
    else:
        embeddings = encoder.encode_texts([each.text for each in read])
    return [EmbeddedPhrase(*each) for each in zip(words, read, embeddings, strict=True)]
