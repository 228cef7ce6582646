"""The words that the tutorial knows, and which of its hearts have what they say.

tutorial_words.json is made by a script beside its test from the words that the bundled encoder was taught. A phrase
counts as those words in it, each by its plainest synonym; a heart has what it was drawn with, so that what is counted
is what a person sees.
"""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).parent / "tutorial_words.json"
CLASS_WORD = "heart shaped"

_SAY_NOTHING = """
    a an the some any it its is are that which with in on of and very all some something someone color colour colored
    coloured colors colours shape shapes object objects thing things figure figures item items one ones them form forms
    background backgrounds backdrop image images picture pictures photo photos
"""
_FILLERS = frozenset(_SAY_NOTHING.split())
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def understood(text: str) -> tuple[str, ...] | None:
    """Return the words that a phrase counts as; None where the tutorial does not know one.

    The class's own name says nothing about hearts, so it counts only where it is alone.

    >>> understood("Lined hearts"), understood("something fluffy")
    (('striped',), None)
    """
    words = _known_words(text)
    return tuple(sorted(words - {CLASS_WORD})) or (CLASS_WORD,) if words else None


def having(words: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which of the tutorial's hearts have all that words of `understood` say: bool[20]."""
    rows = (_file()["having"][word] for word in words)
    return np.array([set(heart) == {"x"} for heart in zip(*rows, strict=True)])


def _known_words(text: str) -> set[str] | None:
    """The plain synonyms of a phrase's words; None where one is unknown."""
    synonyms: dict[str, str] = _file()["synonyms"]
    words = [word for part in _WORD.findall(text.casefold()) for word in part.split("-")]
    found: set[str] = set()
    at = 0
    while at < len(words):
        length = next((n for n in (3, 2, 1) if " ".join(words[at : at + n]) in synonyms), 0)
        if length:
            found.add(synonyms[" ".join(words[at : at + length])])
        elif words[at] not in _FILLERS:
            return None
        at += length or 1
    return found


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return loaded
