"""The tutorial's example."""

from pathlib import Path

import pytest
from PIL import Image

from annotations.visits import sessions
from annotations.visits.tutorial_example import (
    GUESSING,
    N_RIGHT,
    N_WRONG,
    Lesson,
    example,
    grids,
    is_wrong,
    practice,
    practice_score,
    understood,
)
from clarify_errors.arrays.phrases.worded_scale import Step
from tests.annotations.visits.tutorial_pictures import FOLDER, draw
from tests.support.actors import practise


@pytest.fixture
def session(open_study):
    return sessions.give_consent(sessions.enter(open_study, participant_id="p", study_id="s", session_id="v"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stripes", "striped"),
        ("Lined hearts", "striped"),
        ("dark stripes", "striped"),
        ("hearts with black lines on them", "striped"),
        ("the big green ones", "green large"),
        ("a tilted heart on a dark background", "dark tilted"),
        ("large tilted striped ones", "large striped tilted"),
        ("polka-dotted", "dotted"),
    ],
)
def test_a_phrase_counts_as_the_plain_words_in_it(text, words):
    assert understood(text) == tuple(words.split())
    assert understood("hearts") == understood("a love heart") == ("heart shaped",)


@pytest.mark.parametrize("text", ["fluffy", "not striped", "no lines", "rot", "striped fluffy", "the", "42"])
def test_other_words_are_not_known(text):
    assert understood(text) is None
    assert practice_score(text) is None
    assert example(text) is None


def test_words_that_explain_the_mistakes_score_high():
    stripes = example("stripes")
    assert (stripes.verdict.step, stripes.value) == (Step.VERY_WELL, pytest.approx(0.8))
    assert (stripes.split.with_it.n_wrong, stripes.split.with_it.grid.n_images) == (9, 10)


@pytest.mark.parametrize(
    ("text", "n_wrong", "n"),
    [
        ("dark background", 5, 10),
        ("black", 5, 10),
        ("bright", 5, 10),
        ("big", 5, 10),
        ("stripes on black", 5, 5),
        ("love heart", 10, 20),
        ("red", 0, 0),
    ],
)
def test_what_counts_is_what_a_person_sees(text, n_wrong, n):
    side = example(text).split.with_it
    assert (side.n_wrong, side.grid.n_images) == (n_wrong, n)


@pytest.mark.parametrize("text", ["large", "big hearts", "medium", "tilted", "dark", "light", "green", "orange"])
def test_whatever_else_the_hearts_differ_in_splits_right_and_wrong_alike(text):
    shown = example(text)
    assert shown.verdict.step is Step.GUESSING
    assert shown.split.with_it.percent_wrong == shown.split.without.percent_wrong == 50


def test_the_example_gives_no_answer_away():
    """It has neither the classes of the data set that Clarify draws, nor what its mistakes have in common."""
    for word in ("red", "blue", "squares", "ovals"):
        assert example(word).split.with_it.grid.n_images == 0


def test_words_that_miss_score_low_and_words_of_the_right_images_point_away():
    assert example("dotted").verdict.step is Step.GUESSING
    assert example("dotted").value < GUESSING < example("stripes").value
    assert example("plain").verdict.is_opposite
    assert example("plain").value == example("green").value == 0


@pytest.mark.parametrize("text", ["stripes", "large", "green", "tilted"])
def test_each_split_has_every_heart_once(text):
    split = example(text).split
    assert split.without.grid.n_images + split.with_it.grid.n_images == N_RIGHT + N_WRONG
    assert split.without.n_wrong + split.with_it.n_wrong == grids().wrong.n_images


def test_only_pictures_on_the_right_are_wrong():
    assert [is_wrong(picture) for picture in (-1, 0, 9, 10, 19, 20)] == [False, False, False, True, True, False]


@pytest.mark.parametrize(
    ("texts", "lesson"),
    [
        ((), Lesson.WRITE),
        (("fluffy",), Lesson.WRITE),
        (("large",), Lesson.IMPROVE),
        (("large", "tilted"), Lesson.IMPROVE),
        (("stripes",), Lesson.DONE),
        (("stripes", "lines"), Lesson.DONE),
        (("stripes", "fluffy"), Lesson.DONE),
        (("fluffy", "stripes"), Lesson.DONE),
        (("large", "stripes"), Lesson.DONE),
        (("stripes", "large stripes"), Lesson.DONE),
    ],
)
def test_a_lesson_is_left_by_doing_what_it_asks_for(session, texts, lesson):
    assert practice(session).lesson is Lesson.LOOK
    practise(session, *texts)
    assert practice(session).lesson is lesson


def test_whoever_misses_again_and_again_is_helped_and_then_told(session):
    helped = []
    for text in ("large", "tilted", "dark", "green"):
        practise(session, text)
        helped.append(practice(session).help)
    assert helped == ["", "hint", "hint", "tell"]
    practise(session, "stripes")
    assert practice(session).help == ""


def test_the_best_phrase_is_the_earliest_of_tied_ones(session):
    practise(session, "large", "stripes", "lines", "fluffy")
    assert practice(session).best.text == "stripes"


def test_the_committed_pictures_are_what_the_script_draws(tmp_path: Path) -> None:
    draw(tmp_path)
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert drawn == sorted(path.name for path in FOLDER.iterdir())
    for name in drawn:
        with Image.open(tmp_path / name) as fresh, Image.open(FOLDER / name) as committed:
            # Another build of libwebp may write other bytes of the same picture.
            pairs = zip(fresh.convert("RGB").tobytes(), committed.convert("RGB").tobytes(), strict=True)
            assert max(abs(a - b) for a, b in pairs) <= 24, name


def test_whoever_finds_it_at_once_goes_on_and_sees_words_that_explain_nothing(session):
    practise(session, "stripes")
    contrast = practice(session).contrast
    assert contrast.verdict.step is Step.GUESSING
    assert practice(session).is_done


@pytest.mark.parametrize("texts", [("large",), ("large", "stripes"), ("stripes", "large")])
def test_whoever_tried_other_words_sees_none_of_the_pages_own(session, texts):
    practise(session, *texts)
    assert practice(session).contrast is None
