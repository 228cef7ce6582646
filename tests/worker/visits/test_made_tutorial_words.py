"""The tutorial's similarities are what the bundled encoder says of its pictures."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from annotations.readings.visits.tutorial import SQUARES
from annotations.readings.visits.tutorial_words import FILE
from tests.annotations.readings.visits.tutorial_pictures import FOLDER
from tests.worker.visits.made_tutorial_words import tutorial_words, write


def test_the_committed_file_is_what_the_script_makes(tmp_path: Path) -> None:
    write(tutorial_words(FOLDER), tmp_path / "words.json")
    made, committed = (json.loads(file.read_text("utf-8")) for file in (tmp_path / "words.json", FILE))
    assert made["synonyms"] == committed["synonyms"]
    assert made["similarities"].keys() == committed["similarities"].keys()
    for words, row in made["similarities"].items():
        assert len(row) == len(SQUARES)
        # Another build of torch may round the last decimal differently.
        assert row == pytest.approx(committed["similarities"][words], abs=2e-3), words


def test_the_record_says_what_it_was_made_from() -> None:
    record = json.loads(FILE.read_text("utf-8"))["record"]
    pictures = b"".join((FOLDER / f"{number}.webp").read_bytes() for number in range(len(SQUARES)))
    assert record["pictures_sha256"] == hashlib.sha256(pictures).hexdigest()
    assert record["encoder"]["spec"] == "bundled:small-clip"
    assert len(record["encoder"]["weights_sha256"]) == 64


def test_every_synonym_leads_to_words_with_similarities() -> None:
    words = json.loads(FILE.read_text("utf-8"))
    assert set(words["synonyms"].values()) <= words["similarities"].keys()
    assert np.ptp([len(row) for row in words["similarities"].values()]) == 0
