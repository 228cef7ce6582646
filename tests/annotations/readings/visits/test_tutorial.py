"""The tutorial's example."""

from pathlib import Path

import pytest
from PIL import Image

from annotations.readings.visits.tutorial import (
    GUESSING,
    N_RIGHT,
    N_WRONG,
    Lesson,
    example,
    grids,
    is_wrong,
    practice,
    practice_score,
)
from annotations.readings.visits.tutorial_words import understood
from annotations.services.visits import sessions
from modeling.arrays.phrases.worded_scale import Step
from tests.actors import practise
from tests.annotations.readings.visits.tutorial_pictures import FOLDER, draw


@pytest.fixture
def session(open_study):
    return sessions.give_consent(sessions.enter(open_study, participant_id="p", study_id="s", session_id="v"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("red", "red"),
        ("Crimson squares", "red"),
        ("something that is dark red", "red"),
        ("the big red ones", "large red"),
        ("a tilted square on a striped background", "striped tilted"),
        ("large tilted red ones", "large red tilted"),
        ("squares", "square"),
        ("polka-dotted", "dotted"),
    ],
)
def test_a_phrase_counts_as_the_plain_words_in_it(text, words):
    assert understood(text) == tuple(words.split())


@pytest.mark.parametrize("text", ["fluffy", "not red", "no blue", "rot", "red fluffy", "the", "42"])
def test_other_words_are_not_known(text):
    assert understood(text) is None
    assert practice_score(text) is None
    assert example(text) is None


def test_words_that_explain_the_mistakes_score_high():
    red = example("red")
    assert (red.verdict.step, red.value) == (Step.VERY_WELL, pytest.approx(0.8))
    assert (red.split.with_it.n_wrong, red.split.with_it.grid.n_images) == (9, 10)


@pytest.mark.parametrize(
    ("text", "n_wrong", "n"),
    [
        ("dark background", 5, 10),
        ("black", 5, 10),
        ("bright", 5, 10),
        ("big", 5, 10),
        ("red on black", 5, 6),
        ("box", 10, 20),
        ("round", 0, 0),
    ],
)
def test_what_counts_is_what_a_person_sees(text, n_wrong, n):
    side = example(text).split.with_it
    assert (side.n_wrong, side.grid.n_images) == (n_wrong, n)


@pytest.mark.parametrize("text", ["large", "big squares", "small", "tilted", "dark", "light", "round"])
def test_words_of_another_kind_than_colour_make_no_split_that_contradicts_the_verdict(text):
    shown = example(text)
    assert shown.verdict.step is Step.GUESSING
    with_it, without = shown.split.with_it.percent_wrong or 0, shown.split.without.percent_wrong
    assert with_it < without if shown.verdict.is_opposite else with_it - without < 40


def test_words_that_miss_score_low_and_words_of_the_right_images_point_away():
    assert example("round").verdict.step is Step.GUESSING
    assert example("round").value < GUESSING < example("red").value
    assert example("green").verdict.is_opposite
    assert example("blue").value == 0


@pytest.mark.parametrize("text", ["red", "large", "blue", "tilted"])
def test_each_split_has_every_square_once(text):
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
        (("red",), Lesson.COMPARE),
        (("red", "Red"), Lesson.COMPARE),
        (("red", "crimson"), Lesson.DONE),
        (("red", "fluffy"), Lesson.DONE),
        (("fluffy", "red"), Lesson.DONE),
        (("large", "red"), Lesson.DONE),
        (("red", "large red"), Lesson.DONE),
    ],
)
def test_a_lesson_is_left_by_doing_what_it_asks_for(session, texts, lesson):
    assert practice(session).lesson is Lesson.LOOK
    practise(session, *texts)
    assert practice(session).lesson is lesson


def test_whoever_misses_again_and_again_is_helped_and_then_told(session):
    helped = []
    for text in ("large", "tilted", "dark", "striped"):
        practise(session, text)
        helped.append(practice(session).help)
    assert helped == ["", "hint", "hint", "tell"]
    practise(session, "red")
    assert practice(session).help == ""


def test_the_best_phrase_is_the_earliest_of_tied_ones(session):
    practise(session, "large", "red", "crimson", "fluffy")
    assert practice(session).best.text == "red"


def test_the_committed_pictures_are_what_the_script_draws(tmp_path: Path) -> None:
    draw(tmp_path)
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert drawn == sorted(path.name for path in FOLDER.iterdir())
    for name in drawn:
        with Image.open(tmp_path / name) as fresh, Image.open(FOLDER / name) as committed:
            # Another build of libwebp may write other bytes of the same picture.
            pairs = zip(fresh.convert("RGB").tobytes(), committed.convert("RGB").tobytes(), strict=True)
            assert max(abs(a - b) for a, b in pairs) <= 24, name
