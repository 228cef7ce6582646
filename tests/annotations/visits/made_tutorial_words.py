"""The tutorial's words: the bundled encoder's and more for stripes, and which hearts have what each says.

    python -m tests.annotations.visits.made_tutorial_words

makes `tutorial_words.json` again, after the hearts or the encoder's lexicon have changed.
"""

import json
from collections.abc import Iterable
from typing import Any

from annotations.visits.tutorial_example import FILE
from tests.annotations.visits.tutorial_pictures import HEARTS
from tests.modeling.tensors.encoders.small_clip.lexicon import ENTRIES, Entry

_ALSO = {"medium": "small"}  # the lesser of these hearts' two sizes, which people call small
# What people call the stripes of these hearts, beyond the encoder's words. "Dark stripes" are no dark background.
_STRIPES = ("stripe", "stripes", "line", "lines", "band", "bands", "bar", "bars")
_LIKE = ("dark", "black", "darker", "thin", "thick", "bold", "horizontal", "level", "straight", "parallel", "zebra")


def tutorial_words() -> dict[str, Any]:
    """Return the document: `synonyms` leads to plain words, and `having` has an x for each heart that has one."""
    having = {_name(entry): "".join("-x"[_has(heart, entry)] for heart in HEARTS) for entry in ENTRIES}
    return {"synonyms": dict(sorted(_synonyms())), "having": having}


def _has(heart: dict[str, str], entry: Entry) -> bool:
    drawn = heart[entry.attribute]
    return drawn in entry.values or _ALSO.get(drawn) in entry.values


def _name(entry: Entry) -> str:
    return entry.adjectives[0]


def _synonyms() -> Iterable[tuple[str, str]]:
    """Every word of the lexicon with the plainest one of its entry; of a word in two entries the first counts."""
    found: dict[str, str] = {}
    for entry in ENTRIES:
        for word in (*entry.adjectives, *(form for noun in entry.nouns for form in noun)):
            found.setdefault(word, _name(entry))
    for word in ("zebra", "bar", "bars", *(f"{like} {stripes}" for like in _LIKE for stripes in _STRIPES)):
        found.setdefault(word, "striped")
    return found.items()


if __name__ == "__main__":
    FILE.write_text(json.dumps(tutorial_words(), indent=1, ensure_ascii=False) + "\n", "utf-8")
