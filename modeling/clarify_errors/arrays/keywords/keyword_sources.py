"""Where keywords come from: whatever proposes phrases for the captions of right and of wrong images."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Any, Protocol

from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.phrases.phrase_text import normalise, refusal
from clarify_errors.arrays.phrases.word_forms import lemmas

MAX_KEYWORDS = 50  # of a class, as in the paper
_SMALL_WORDS = """
and or but with without in on at to from by for is are was were be being it its this that there their his her he she
they we you i up down out over under into near next front has have had no not as than then very
"""
_NOT_ALONE = frozenset(_SMALL_WORDS.split())


class KeywordSourceFailed(ModelingError):
    """A source of keywords is not there, or answers with something that is none."""


class ChatFailed(ModelingError):
    """A model that speaks is not set up, does not answer, or refuses to."""


@dataclass(frozen=True)
class Proposal:
    """What a source proposes for one class.

    Attributes
    ----------
    phrases : sequence of str
        The best first.
    prompt, answer : str, default ""
        What a language model was asked, and what it said: stored with the ranking.
    usage : mapping, default {}
        What asking took, such as seconds and tokens: stored with it too.
    """

    phrases: Sequence[str]
    prompt: str = ""
    answer: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)


class KeywordSource(Protocol):
    """Anything that proposes phrases.

    `python:<module>:<factory>` names a function without arguments that returns one.

    Attributes
    ----------
    name : str
        With what decides its answers, such as a model's version.
    reads_pictures : bool, optional
        Whether it is given the images themselves instead of captions.
    """

    name: str

    def propose(self, right: Sequence[Any], wrong: Sequence[Any]) -> Proposal:
        """Propose phrases that may name what the wrong images have in common.

        Parameters
        ----------
        right, wrong : sequence of str, or of PIL images
            Captions of the images of a class that the model gets right, and of those that it gets wrong, or these
            images, each read when it is taken. Nothing that a participant wrote is among them.

        Returns
        -------
        Proposal
        """
        ...


def merged(lists: Iterable[Sequence[object]], most: int = MAX_KEYWORDS) -> tuple[str, ...]:
    """Merge lists of phrases, with the single words of each phrase after it.

    Parameters
    ----------
    lists : iterable of sequences
        The best first. They take turns; what is no phrase is left out.
    most : int, default 50

    Returns
    -------
    tuple of at most `most` str
        Each once, whatever its case.

    Examples
    --------
    >>> merged([["red square", "?!"], ["Red", "a dog"]])
    ('red square', 'red', 'square', 'a dog', 'dog')
    """
    found: dict[str, str] = {}
    for each in chain.from_iterable(zip_longest(*lists)):
        if isinstance(each, str) and refusal(each) is None:
            phrase = " ".join(normalise(each).split())
            words = [word for word in phrase.split() if word.lower() not in _NOT_ALONE]
            alone = [word for word in words if len(word) > 1 and lemmas(word) and refusal(word) is None]
            for text in (phrase, *alone):
                found.setdefault(text.casefold(), text)
    return tuple(found.values())[:most]


def runs_of_words(caption: str, most: int = 3) -> set[str]:
    """Return the phrases of one to `most` words that a caption has.

    Parameters
    ----------
    caption : str
    most : int, default 3

    Returns
    -------
    set of str
        In lower case, without those that begin or end with a word that says nothing alone.

    Examples
    --------
    >>> sorted(runs_of_words("A red square on grey."))
    ['grey', 'red', 'red square', 'square', 'square on grey']
    """
    words = [word.strip(".,;:!?\"'()[]") for word in caption.lower().split()]
    return {
        " ".join(words[first:last])
        for first in range(len(words))
        for last in range(first + 1, min(first + most, len(words)) + 1)
        if all(words[first:last]) and _says_something(words[first]) and _says_something(words[last - 1])
    }


def _says_something(word: str) -> bool:
    return bool(lemmas(word)) and word not in _NOT_ALONE
