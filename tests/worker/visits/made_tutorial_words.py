"""The tutorial's words: what of the bundled encoder's vocabulary a person may try, and what the encoder says of it.

    python -m tests.worker.visits.made_tutorial_words

makes `tutorial_words.json` again, after the pictures or the bundled encoder have changed.
"""

import hashlib
import json
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from annotations.readings.visits.tutorial import SQUARES
from annotations.readings.visits.tutorial_words import CLASS_WORD, FILE, MAX_TOGETHER
from modeling.arrays.phrases.phrase_text import render
from modeling.tensors.encoders import CheckedEncoder, describe, load_encoder
from modeling.tensors.encoders.specs import BUNDLED
from tests.annotations.readings.visits.tutorial_pictures import FOLDER
from tests.modeling.tensors.encoders.small_clip.lexicon import ENTRIES, Entry

TEXT_TEMPLATE = "an image of a {phrase}"
DECIMALS = 4


def tutorial_words(pictures: Path) -> dict[str, Any]:
    """Return the document of `annotations.readings.visits.tutorial_words`, made with the bundled encoder.

    pictures: the folder with the tutorial's WebP files. `similarities` has one number a picture, by the words in
    alphabetical order; `synonyms` leads from what people write to those words.
    """
    encoder = load_encoder(BUNDLED)
    together = [group for n in range(1, MAX_TOGETHER + 1) for group in combinations(ENTRIES, n) if _can_be(group)]
    texts = [render(TEXT_TEMPLATE, _phrase(group)) for group in together]
    files = [pictures / f"{number}.webp" for number in range(len(SQUARES))]
    values = _encoded(encoder, texts, files)
    return {
        "record": {
            "command": "python -m tests.worker.visits.made_tutorial_words",
            "encoder": describe(encoder, BUNDLED),
            "text_template": TEXT_TEMPLATE,
            "pictures_sha256": hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest(),
        },
        "synonyms": dict(sorted(_synonyms())),
        "similarities": {
            " ".join(sorted(_name(entry) for entry in group)): row for group, row in zip(together, values, strict=True)
        },
    }


def write(words: dict[str, Any], file: Path) -> None:
    """Write the document, a line for each row of numbers."""
    rows = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in words["similarities"].items())
    head = json.dumps({"record": words["record"], "synonyms": words["synonyms"]}, indent=1, ensure_ascii=False)
    file.write_text(head.removesuffix("\n}") + ',\n "similarities": {\n' + ",\n".join(rows) + "\n }\n}\n", "utf-8")


def _encoded(encoder: CheckedEncoder, texts: list[str], files: list[Path]) -> list[list[float]]:
    images = []
    for file in files:
        with Image.open(file) as image:
            images.append(image.convert("RGB"))
    similarities = encoder.encode_texts(texts) @ encoder.encode_images(images).T
    rows: list[list[float]] = np.round(similarities.astype(np.float64), DECIMALS).tolist()
    return rows


def _name(entry: Entry) -> str:
    return entry.adjectives[0]


def _can_be(group: tuple[Entry, ...]) -> bool:
    """Whether the entries can be said together: of different attributes, and the class's name only by itself."""
    attributes = {entry.attribute for entry in group}
    return len(attributes) == len(group) and (len(group) == 1 or CLASS_WORD not in {_name(entry) for entry in group})


def _phrase(group: tuple[Entry, ...]) -> str:
    """The words as the encoder was taught to read them, the background after the shape."""
    by_attribute = {entry.attribute: entry for entry in group}
    before = [_name(by_attribute[name]) for name in ("size", "tilt", "colour") if name in by_attribute]
    behind = [_name(by_attribute[name]) for name in ("shade", "texture") if name in by_attribute]
    shape = by_attribute.get("shape")
    noun = "shape" if shape is None else shape.nouns[0][0] if shape.nouns else f"{_name(shape)} shape"
    if not behind:
        return " ".join([*before, noun])
    background = " ".join([*behind, "background"])
    return f"{' '.join([*before, noun])} on a {background}" if before or shape else background


def _synonyms() -> Iterable[tuple[str, str]]:
    """Every word of the lexicon with the plainest one of its entry; of a word in two entries the first counts."""
    found: dict[str, str] = {}
    for entry in ENTRIES:
        for word in (*entry.adjectives, *(form for noun in entry.nouns for form in noun)):
            found.setdefault(word, _name(entry))
    return found.items()


if __name__ == "__main__":
    write(tutorial_words(FOLDER), FILE)
