"""Keywords by counting: phrases that captions of wrong images have more often than those of right ones.

It needs nothing but captions, and is an example of a source of keywords (`KeywordSource`).
"""

from collections import Counter
from collections.abc import Sequence

from clarify_errors.arrays.keywords.keyword_sources import KeywordSource, Proposal, runs_of_words


class CaptionContrast:
    """Orders the phrases of captions by how much more often wrong images have them.

    Attributes
    ----------
    name : str
    """

    name = "contrast"

    def propose(self, right: Sequence[str], wrong: Sequence[str]) -> Proposal:
        """Propose the phrases of wrong images' captions.

        Parameters
        ----------
        right, wrong : sequence of str

        Returns
        -------
        Proposal
            In descending order of the share of wrong captions that have it less that of right ones; the shorter and
            then the earlier in the alphabet of tied ones first.
        """
        in_right, in_wrong = (
            Counter(phrase for each in side for phrase in runs_of_words(each)) for side in (right, wrong)
        )

        def rank(phrase: str) -> tuple[float, int, str]:
            share = in_wrong[phrase] / len(wrong) - in_right[phrase] / max(len(right), 1)
            return -share, len(phrase), phrase

        return Proposal(sorted(in_wrong, key=rank))


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
    return CaptionContrast()
