"""Several thousand common English nouns, adjectives and short phrases: a vocabulary that knows nothing of any images.

They are in clarify_errors/common_words.txt, whose head says how they were selected from two free lists.
"""

from difflib import get_close_matches
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files

from clarify_errors.arrays.phrases.word_forms import lemmas, vocabulary

COMMON_WORDS_SHA256 = "e70799f3904d895cf96d684b40295a3769843304c271411b8c2bd5e6eca05a5c"
# Words that make no phrase one that means something.
_WITHOUT_MEANING = {"and", "at", "by", "for", "from", "in", "no", "not", "on", "or", "to", "with", "without"}


@lru_cache(maxsize=1)
def common_words() -> tuple[str, ...]:
    """Return the common words, each once, in the order of the alphabet."""
    return words_of_list(files("clarify_errors").joinpath("common_words.txt").read_text("utf-8"))


def words_of_list(text: str) -> tuple[str, ...]:
    """Return the words of a list, each once, in their order.

    Parameters
    ----------
    text : str
        One word or short phrase a line; empty lines and those that start with # are left out.

    Returns
    -------
    tuple of str
    """
    lines = (line.strip() for line in text.splitlines() if not line.startswith("#"))
    return tuple(dict.fromkeys(line for line in lines if line))


def unknown_words(phrase: str) -> tuple[str, ...]:
    """Return the words of a phrase that has no word of any list.

    Parameters
    ----------
    phrase : str

    Returns
    -------
    tuple of str
        Lemmas in order; empty as soon as one of them is among those of `common_words` or `vocabulary`. Numbers, words
        of negation and those that join others count neither way.

    Examples
    --------
    >>> unknown_words("no qwzx and 3 vlorks"), unknown_words("qwzx dogs"), unknown_words("42")
    (('qwzx', 'vlork'), (), ())
    """
    words = tuple(word for word in lemmas(phrase) if word not in _WITHOUT_MEANING and not word.isnumeric())
    return () if _known_words().intersection(words) else words


def nearest_word(word: str) -> str:
    """Return the word of the lists that a word may be a typing error of.

    Parameters
    ----------
    word : str

    Returns
    -------
    str
        One with the same letters in another order, else the most similar one (`difflib`, at least 0.85); empty where
        there is none.

    Examples
    --------
    >>> nearest_word("rde"), nearest_word("bakground"), nearest_word("qwzx")
    ('red', 'background', '')
    """
    known = get_close_matches(word.casefold(), _known_words(), n=50, cutoff=0.6)
    reordered = [each for each in known if sorted(each) == sorted(word.casefold())]
    return next(iter(reordered or get_close_matches(word.casefold(), known, n=1, cutoff=0.85)), "")


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    return frozenset(word for phrase in (*common_words(), *vocabulary()) for word in lemmas(phrase))


def words_digest(words: tuple[str, ...]) -> str:
    """Compute what tells a list of words from any other.

    Parameters
    ----------
    words : tuple of str

    Returns
    -------
    str
        SHA-256 of the words, one a line, in hexadecimal.
    """
    return sha256("\n".join(words).encode()).hexdigest()
