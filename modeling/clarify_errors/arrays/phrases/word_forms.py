"""Words of a phrase, regardless of how they are written: case, articles, plural, hyphens."""

import re
from functools import lru_cache
from importlib.resources import files

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
