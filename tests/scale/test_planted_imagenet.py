"""Planted embeddings are what their numbers say, and a page keeps what other commands wrote."""

import json
from pathlib import Path

import numpy as np

from tests.scale.bench_scale import MARK as SCALE_MARK
from tests.scale.bench_scale import Measured, curves, remember
from tests.scale.planted_imagenet import NEAR, TEXT, Planting, attribute, load
from tests.support.measured_pages import MARK, write_below

SMALL = Planting.of_share(0.01)


def test_a_share_has_fewer_classes_of_the_same_size() -> None:
    whole = Planting.of_share(1)
    assert (whole, whole.classes * whole.train) == (Planting(), 1_281_000)
    assert (SMALL.classes, SMALL.planted, SMALL.train, SMALL.test) == (10, 5, 1_281, 1_000)
    assert SMALL.digest != whole.digest


def test_a_planted_class_and_its_partner_have_the_attribute_as_often_as_planted() -> None:
    direction, length = attribute(1), np.sqrt(1 + SMALL.noise**2)
    label = SMALL.planted_class(1)
    along = {}
    for each in (label, label + 1):
        rows, groups = SMALL.images(each, 4_000, 9)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
        along[each] = float((rows @ direction).mean()) * length / SMALL.attribute
        assert abs(groups.mean() - SMALL.minority * (each == label)) < 0.02
    assert abs(along[label] - SMALL.minority) < 0.03 and abs(along[label + 1] - SMALL.in_partner) < 0.03


def test_texts_point_to_attributes_as_nearly_as_planted() -> None:
    named, near, other = load().encode_texts(["an image of a attribute 1", "near attribute 1", "word 1"]) @ attribute(1)
    assert abs(named - TEXT) < 0.06 and abs(near - NEAR) < 0.1 and abs(other) < 0.15


def test_images_of_a_set_are_the_same_each_time_and_others_than_those_of_another_set() -> None:
    (first, _), (again, _), (other, _) = (SMALL.images(3, 5, part) for part in (0, 0, 1))
    assert (first == again).all() and not np.isclose(first, other).any(axis=1).all()


def test_the_curves_have_a_line_for_each_stage_over_all_sizes_that_were_run(tmp_path: Path) -> None:
    for share in (0.01, 0.02):
        done = {name: Measured(10 * share, 1 << 30, 1 << 30) for name in ("tables", "base head", "report")}
        remember(tmp_path / "runs.json", Planting.of_share(share), done)
    drawn = curves(json.loads((tmp_path / "runs.json").read_text()))
    assert all(words in drawn for words in ("base head", "report", "train images", "time in s", "own memory in GiB"))
    assert "tables" not in drawn


def test_what_one_command_writes_leaves_what_another_wrote(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Scale\n\n{MARK}\nold load\n\n{SCALE_MARK}\nold scale\n")
    write_below(page, "load\n")
    write_below(page, "scale\n", SCALE_MARK)
    assert page.read_text() == f"# Scale\n\n{MARK}\nload\n\n{SCALE_MARK}\nscale\n"
