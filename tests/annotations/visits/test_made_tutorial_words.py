"""The tutorial's words are those that the bundled encoder was taught."""

import json

import numpy as np

from annotations.visits.tutorial_example import FILE, N_RIGHT, N_WRONG, having
from tests.annotations.visits.made_tutorial_words import tutorial_words


def test_the_committed_file_is_what_the_script_makes() -> None:
    assert json.loads(FILE.read_text("utf-8")) == tutorial_words()


def test_every_synonym_leads_to_a_word_of_which_each_heart_is_known() -> None:
    words = json.loads(FILE.read_text("utf-8"))
    assert set(words["synonyms"].values()) <= words["having"].keys()
    assert {len(row) for row in words["having"].values()} == {N_RIGHT + N_WRONG}


def test_each_heart_is_small_or_large() -> None:
    assert np.array_equal(having(("small",)), ~having(("large",)))
