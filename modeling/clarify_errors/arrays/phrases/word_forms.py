"""Words of a phrase, regardless of how they are written: case, articles, plural, hyphens.

The common English words are in clarify_errors/common_words.txt, whose head says how they were selected.
"""

import re
from difflib import get_close_matches
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files

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


_WORD = re.compile(r"[^\W_]+")
_EMPTY = {"a", "an", "the", "of", "some", "many", "any", "image", "images", "picture", "pictures", "photo", "photos"}
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_IRREGULAR = {
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "mice": "mouse",
    "geese": "goose",
    "feet": "foot",
    "teeth": "tooth",
    "leaves": "leaf",
    "wolves": "wolf",
    "knives": "knife",
    "shelves": "shelf",
}
_AFTER_ES = ("s", "x", "z", "ch", "sh")
_SINGULAR_ENDINGS = ("ss", "us", "is")


def lemmas(text: str) -> tuple[str, ...]:
    """Return the words that carry meaning, in lower case and singular, in order.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of str
        The rules are for English; words of other languages stay as they are.

    Examples
    --------
    >>> lemmas("An image of the Dark Squares")
    ('dark', 'square')
    """
    words = _WORD.findall(_POSSESSIVE.sub("", text.casefold()))
    return tuple(_singular(word) for word in words if word not in _EMPTY)


def same_words(a: str, b: str) -> bool:
    """Return whether two texts have the same lemmas.

    Parameters
    ----------
    a, b : str

    Returns
    -------
    bool
        Also True if one text writes as two words what the other writes as one; False without lemmas.

    Examples
    --------
    >>> same_words("a water-bird", "waterbirds"), same_words("dark squares", "square")
    (True, False)
    """
    first, second = "".join(lemmas(a)), "".join(lemmas(b))
    return bool(first) and first == second


def contains_words(text: str, part: str) -> bool:
    """Return whether every lemma of `part` is among those of `text`.

    Parameters
    ----------
    text, part : str

    Returns
    -------
    bool
        False if `part` has no lemmas.
    """
    wanted = set(lemmas(part))
    return bool(wanted) and wanted <= set(lemmas(text))


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """Return short phrases for what images show: colours, materials, places, ….

    They are in clarify_errors/vocabulary.txt, separated by commas, with a line per kind. Each occurs once.
    """
    lines = files("clarify_errors").joinpath("vocabulary.txt").read_text("utf-8").splitlines()
    phrases = [phrase.strip() for line in lines if not line.startswith("#") for phrase in line.split(",")]
    return tuple(dict.fromkeys(phrase for phrase in phrases if phrase))


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(_SINGULAR_ENDINGS):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("es") and word[:-2].endswith(_AFTER_ES):
        return word[:-2]
    return word[:-1]
