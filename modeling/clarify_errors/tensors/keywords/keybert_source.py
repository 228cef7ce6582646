"""Keywords by KeyBERT (Grootendorst, 2020): phrases whose embedding is nearest to that of all captions."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from keybert import KeyBERT
from sentence_transformers import SentenceTransformer
from sklearn.feature_extraction.text import CountVectorizer

from clarify_errors.arrays.keywords.keyword_sources import KeywordSource, KeywordSourceFailed, Proposal, merged

_TOP, _LONGEST, _CANDIDATES = 20, 3, 500  # keywords of a side, words of one, phrases to choose from


class KeyBertSource:
    """KeyBERT on the captions of the wrong images, and on those of the right ones.

    Parameters
    ----------
    folder : str
        Of a sentence-transformers model.

    Attributes
    ----------
    name : str

    Raises
    ------
    KeywordSourceFailed
        If the folder has no such model.
    """

    def __init__(self, folder: str) -> None:
        if not Path(folder).is_dir():
            raise KeywordSourceFailed(
                f"{folder!r} is no folder: use keybert:/path/to/a/sentence-transformers/model. On a machine with a "
                "network, download the Hugging Face repository sentence-transformers/all-MiniLM-L6-v2 into "
                "one folder, and copy it here"
            )
        try:
            model: Any = SentenceTransformer(folder, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise KeywordSourceFailed(f"{folder} holds no sentence-transformers model: {error}") from error
        self._encoder, self._extractor = model, KeyBERT(model)
        self.name = f"keybert {version('keybert')}, {Path(folder).name}"

    def propose(self, right: Sequence[str], wrong: Sequence[str]) -> Proposal:
        """Propose 20 keywords of up to three words from either side.

        Parameters
        ----------
        right, wrong : sequence of str

        Returns
        -------
        Proposal
            The sides take turns, the wrong ones first.
        """
        return Proposal(merged([self._of(wrong), self._of(right)]))

    def _of(self, captions: Sequence[str]) -> list[str]:
        """Choose among phrases that captions have; all captions together have the mean of their embeddings.

        As one text they would be cut at the model's 256 tokens.
        """
        counted = CountVectorizer(ngram_range=(1, _LONGEST), stop_words="english", max_features=_CANDIDATES)
        try:
            phrases = list(counted.fit(captions).get_feature_names_out())
        except ValueError:  # no captions, or none with a word that says anything
            return []
        whole = self._encoder.encode(list(captions), normalize_embeddings=True).mean(axis=0, keepdims=True)
        found = self._extractor.extract_keywords(
            " . ".join(phrases),
            candidates=phrases,
            keyphrase_ngram_range=(1, _LONGEST),
            top_n=_TOP,
            doc_embeddings=whole,
            word_embeddings=self._encoder.encode(phrases, normalize_embeddings=True),
        )
        return [keyword for keyword, _ in found]


def load(folder: str) -> KeywordSource:
    """Load the model of a folder.

    Parameters
    ----------
    folder : str

    Returns
    -------
    KeywordSource

    Raises
    ------
    KeywordSourceFailed
        If the folder has no such model.
    """
    return KeyBertSource(folder)
