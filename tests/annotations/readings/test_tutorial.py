"""The tutorial's example."""

from pathlib import Path

import pytest
from django.core.management import call_command
from PIL import Image

from annotations.management.commands.draw_tutorial import FOLDER
from annotations.readings.results import Verdict
from annotations.readings.tutorial import SQUARES, tutorial


def test_the_good_phrase_explains_the_mistakes_and_random_words_reach_the_poor_one() -> None:
    shown = tutorial()
    assert (shown.good.phrase, shown.good.verdict) == ("red", Verdict.WELL)
    assert shown.good.value == pytest.approx(0.8)
    assert shown.poor.value == pytest.approx(0.2)
    assert shown.poor.verdict is Verdict.BY_CHANCE
    assert shown.poor.value < shown.poor.null_level == shown.good.null_level < shown.good.value


def test_each_split_has_every_square_once() -> None:
    for example in (tutorial().good, tutorial().poor):
        sides = (example.split.without, example.split.with_it)
        assert sum(side.grid.n_images for side in sides) == len(SQUARES)
        assert sum(side.n_wrong for side in sides) == len(tutorial().wrong.pictures)


def test_the_committed_pictures_are_what_the_command_draws(tmp_path: Path) -> None:
    call_command("draw_tutorial", folder=tmp_path, verbosity=0)
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert drawn == sorted(path.name for path in FOLDER.iterdir())
    for name in drawn:
        with Image.open(tmp_path / name) as fresh, Image.open(FOLDER / name) as committed:
            # Another build of libwebp may write other bytes of the same picture.
            pairs = zip(fresh.convert("RGB").tobytes(), committed.convert("RGB").tobytes(), strict=True)
            assert max(abs(a - b) for a, b in pairs) <= 24, name
