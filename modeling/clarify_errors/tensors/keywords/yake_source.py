"""Keywords by YAKE (Campos et al., 2020): statistics of a text alone. It is under the LGPL, and an extra of its own."""

from collections.abc import Sequence
from importlib.metadata import version

import yake

from clarify_errors.arrays.keywords.keyword_sources import KeywordSource, Proposal, merged

_TOP, _LONGEST = 20, 3  # keywords of a side, and words of a keyword, as in Bias-to-Text


class YakeSource:
    """YAKE on the captions of the wrong images, and on those of the right ones.

    Attributes
    ----------
    name : str
    """

    def __init__(self) -> None:
        self.name = f"yake {version('yake')}"

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
        text = "\n".join(f"{caption.rstrip('. ')}." for caption in captions)
        extractor = yake.KeywordExtractor(lan="en", n=_LONGEST, top=_TOP)
        return [keyword for keyword, _ in extractor.extract_keywords(text)]


def load(_: str) -> KeywordSource:
    """Return the source.

    Parameters
    ----------
    _ : str
        Nothing can be chosen.

    Returns
    -------
    KeywordSource
    """
    return YakeSource()
