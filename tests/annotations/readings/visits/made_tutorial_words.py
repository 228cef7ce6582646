"""The tutorial's words: those that the bundled encoder was taught, and which squares have what each says.

    python -m tests.annotations.readings.visits.made_tutorial_words

makes `tutorial_words.json` again, after the squares or the encoder's lexicon have changed.
"""

import json
from collections.abc import Iterable
from typing import Any

from annotations.readings.visits.tutorial_words import FILE
from tests.annotations.readings.visits.tutorial_pictures import SQUARES
from tests.modeling.tensors.encoders.small_clip.lexicon import ENTRIES, Entry


def tutorial_words() -> dict[str, Any]:
    """Return the document: `synonyms` leads to plain words, and `having` has an x for each square that has one."""
    having = {
        _name(entry): "".join("-x"[square[entry.attribute] in entry.values] for square in SQUARES) for entry in ENTRIES
    }
    return {"synonyms": dict(sorted(_synonyms())), "having": having}


def _name(entry: Entry) -> str:
    return entry.adjectives[0]


def _synonyms() -> Iterable[tuple[str, str]]:
    """Every word of the lexicon with the plainest one of its entry; of a word in two entries the first counts."""
    found: dict[str, str] = {}
    for entry in ENTRIES:
        for word in (*entry.adjectives, *(form for noun in entry.nouns for form in noun)):
            found.setdefault(word, _name(entry))
    return found.items()


if __name__ == "__main__":
    FILE.write_text(json.dumps(tutorial_words(), indent=1, ensure_ascii=False) + "\n", "utf-8")
