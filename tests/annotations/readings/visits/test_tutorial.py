"""The tutorial's example."""

from pathlib import Path

import pytest
from PIL import Image

from annotations.readings.visits.tutorial import (
    GUESSING,
    SQUARES,
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
        ("squares", "square"),
        ("polka-dotted", "dotted"),
    ],
)
def test_a_phrase_counts_as_the_plain_words_in_it(text, words):
    assert understood(text) == words


@pytest.mark.parametrize("text", ["fluffy", "not red", "no blue", "rot", "red fluffy", "the", "large red tilted", "42"])
def test_other_words_are_not_known(text):
    assert understood(text) is None
    assert practice_score(text) is None
    assert example(text) is None


def test_words_that_explain_the_mistakes_score_high_and_more_exact_ones_higher():
    red, exact = example("red"), example("large red")
    assert (red.verdict.step, red.value) == (Step.VERY_WELL, pytest.approx(0.8))
    assert exact.value == pytest.approx(0.9)
    assert red.split.with_it.percent_wrong == 90


def test_words_that_miss_score_low_and_words_of_the_right_images_point_away():
    assert example("round").verdict.step is Step.GUESSING
    assert example("round").value < GUESSING < example("red").value
    assert example("green").verdict.is_opposite
    assert example("blue").value == 0


@pytest.mark.parametrize("text", ["red", "large", "blue", "tilted"])
def test_each_split_has_every_square_once(text):
    split = example(text).split
    assert split.without.grid.n_images + split.with_it.grid.n_images == len(SQUARES)
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
