"""Slices kept in a file: whether a new model is worse on one of them than the old one, and how sure that is."""

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result

import clarify_errors as clarify
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.explanations.command_line import main
from clarify_errors.explanations.slice_reports import as_junit, as_markdown
from tests.modeling.explanations.conftest import BIG, RED, PlantedFlaw

AXES = np.eye(3, dtype=np.float32)


def made(name: str, axis: int) -> clarify.Slice:
    return clarify.Slice("dog", name, 1, 0.5, AXES[axis])


def change(before: list[bool], after: list[bool]) -> clarify.SliceChange:
    """Of a slice in which the two models are right on these images."""
    old, new = (["dog" if right else "cat" for right in each] for each in (before, after))
    (found,) = clarify.check_slices([made("red", 0)], AXES[[0] * len(before)], ["dog"] * len(before), old, new)
    return found


def test_the_interval_is_agresti_and_mins() -> None:
    found = change([True] * 30 + [False] * 20, [True] * 10 + [False] * 20 + [True] * 2 + [False] * 18)
    a, b, n = 2.5, 20.5, 52
    half = 1.959964 * np.sqrt(a + b - (a - b) ** 2 / n) / n
    assert (found.low, found.high) == pytest.approx(((a - b) / n - half, (a - b) / n + half), abs=1e-6)
    assert (found.n, found.before, found.after, found.verdict) == (50, 0.6, 0.24, "worse")


def test_a_few_changed_answers_are_not_told_apart_however_the_formula_ends() -> None:
    assert change([True] * 5 + [False] * 5, [False] * 5 + [False] * 5).verdict == "not told apart"  # 5 of 5: p = .0625
    assert change([True] * 6 + [False] * 4, [False] * 10).verdict == "worse"  # 6 of 6: p = .031
    assert change([False] * 10, [True] * 6 + [False] * 4).verdict == "better"
    assert change([True] * 9, [True] * 9).verdict == "not told apart"


@pytest.mark.parametrize("n_slices", [1, 10])
def test_models_that_are_as_good_are_called_worse_on_a_slice_in_one_check_of_forty_at_most(n_slices: int) -> None:
    rng, n, checks = np.random.default_rng(7), 40, 1_000
    slices = [made(str(i), 0) for i in range(n_slices)]
    alarms = 0
    for _ in range(checks):
        images = AXES[np.zeros(n, int)]
        changed = rng.random(n) < 0.4
        before = np.where(rng.random(n) < 0.5, "dog", "cat")
        other = np.where(before == "dog", "cat", "dog")
        after = np.where(changed, other, before)
        found = clarify.check_slices(slices, images, ["dog"] * n, before.tolist(), after.tolist())
        alarms += any(each.verdict == "worse" for each in found)
    assert alarms / checks <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / checks)


def test_a_slice_without_images_is_neither_worse_nor_better() -> None:
    (found,) = clarify.check_slices([made("blue", 2)], AXES[[0]], ["dog"], ["dog"], ["cat"])
    assert found.verdict == "no images" and str(found) == "dog, “blue”: no image is in this slice"


def test_the_file_keeps_what_an_explanation_found(flaw: PlantedFlaw, tmp_path: Path) -> None:
    report = clarify.explain(
        flaw.images, flaw.labels, flaw.predictions, phrases={"red": RED, "big": BIG}, splits=flaw.splits,
        target_class="square",
    )  # fmt: skip
    report.save_slices(tmp_path / "slices.json", ["red"])
    (found,) = clarify.load_slices(tmp_path / "slices.json")
    members = found.members(unit_rows(flaw.images.astype(np.float32)), flaw.labels)
    rows = report.rows
    scored = report.phrase("red")
    assert (members[rows] == (scored.similarities > np.float32(scored.error_score.threshold))).all()
    with pytest.raises(BadArray, match="no phrase is better than guessing: name those"):
        report.save_slices(tmp_path / "other.json")  # without common words nothing is told
    with pytest.raises(BadArray, match="columns, and the slices’ 16"):
        found.members(AXES, np.array(["square"] * 3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format": "other"}',
        '{"format": "clarify-slices-1", "slices": [{}]}',
        '{"format": "clarify-slices-1", "slices": []}',
    ],
)
def test_another_file_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "slices.json").write_text(text)
    with pytest.raises(BadArray, match="is no file of slices, or holds none"):
        clarify.load_slices(tmp_path / "slices.json")


def test_a_test_can_ask_for_it() -> None:
    good, bad = change([True] * 9, [True] * 9), change([True] * 9, [False] * 9)
    clarify.assert_no_slice_worse([good])
    with pytest.raises(AssertionError, match=r"dog, “red”: 100.0% → 0.0% of 9 images right \(-100.0 points"):
        clarify.assert_no_slice_worse([good, bad])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten red dogs and ten others, embeddings, and predictions of two models of which the new one fails on red."""
    images = np.repeat(AXES[:2], 10, axis=0)
    np.save(tmp_path / "images.npy", images)
    clarify.save_slices(tmp_path / "slices.json", [made("red", 0), made("round", 1), made("small", 2)])
    for name, wrong in (("old", range(2)), ("new", range(9))):
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["path", "label", "prediction"])
            table.writerows([f"{i}.png", "dog", "cat" if i in wrong else "dog"] for i in range(20))
    return tmp_path


def check(folder: Path, new: str, old: str, *more: str) -> Result:
    paths = [str(folder / f"{each}") for each in ("slices.json", f"{new}.csv")]
    return CliRunner().invoke(main, ["check", *paths, "--against", str(folder / f"{old}.csv"), *more])


def test_the_command_ends_with_one_where_a_slice_got_worse_and_writes_three_reports(folder: Path) -> None:
    reports = {name: str(folder / f"out.{name}") for name in ("json", "junit", "markdown")}
    options = [each for name, path in reports.items() for each in (f"--{name}", path)]
    done = check(folder, "new", "old", "--embeddings", str(folder / "images.npy"), *options)
    assert done.exit_code == 1, done.output
    assert done.output.splitlines()[0].startswith("dog, “red”: 80.0% → 10.0% of 10 images right (-70.0 points")
    rows = json.loads(Path(reports["json"]).read_text())
    assert [row["verdict"] for row in rows] == ["worse", "not told apart", "no images"] and rows[2]["before"] is None
    suite = ElementTree.parse(reports["junit"]).getroot()
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "skipped": "1",
    }
    assert "| dog, “red” | 10 | 80.0% | 10.0% | -70.0 (" in Path(reports["markdown"]).read_text()


def test_the_command_ends_with_zero_where_nothing_is_told_apart_and_with_two_for_bad_input(folder: Path) -> None:
    npy = ("--embeddings", str(folder / "images.npy"))
    assert check(folder, "old", "old", *npy).exit_code == 0
    assert check(folder, "old", "new", *npy).exit_code == 0  # better
    for arguments, why in (
        ((), "give --encoder or --embeddings, one of them"),
        ((*npy, "--encoder", "bundled:small-clip"), "one of them"),
    ):
        done = check(folder, "new", "old", *arguments)
        assert done.exit_code == 2 and why in done.output
    (folder / "short.csv").write_text("path,label,prediction\n0.png,dog,dog\n")
    done = check(folder, "new", "short", *npy)
    assert done.exit_code == 2 and "1.png is only in" in done.output
    done = check(folder, "short", "old", *npy)  # rows that only the old table has are no less odd
    assert done.exit_code == 2 and "1.png is only in" in done.output
    (folder / "twice.csv").write_text("path,label,prediction\n0.png,dog,dog\n0.png,dog,cat\n")
    assert "has 0.png more than once" in check(folder, "twice", "old", *npy).output
    (folder / "pathless.csv").write_text("label,prediction\ndog,dog\n")
    done = check(folder, "pathless", "old", *npy)
    assert done.exit_code == 2 and "has no column path" in done.output
    (folder / "relabelled.csv").write_text((folder / "old.csv").read_text().replace("3.png,dog", "3.png,cow"))
    assert "3.png has another label" in check(folder, "new", "relabelled", *npy).output


def test_slices_of_another_encoder_are_refused(folder: Path) -> None:
    clarify.save_slices(folder / "slices.json", [clarify.Slice("dog", "red", 1, 0.5, AXES[0], "another encoder")])
    done = check(folder, "new", "old", "--encoder", "bundled:small-clip")
    assert done.exit_code == 2 and "the slices are of the encoder another encoder, and --encoder is" in done.output


def test_rows_of_any_length_are_the_same_images() -> None:
    slices, labels, answers = [made("red", 0)], ["dog"] * 9, (["dog"] * 9, ["cat"] * 9)
    found = [
        clarify.check_slices(slices, images, labels, *answers)[0] for images in (AXES[[0] * 9], 0.3 * AXES[[0] * 9])
    ]
    assert found[0] == found[1] and found[0].n == 9


def test_a_guard_that_would_check_nothing_is_refused() -> None:
    with pytest.raises(BadArray, match="no slice to check"):
        clarify.check_slices([], AXES[[0]], ["dog"], ["dog"], ["dog"])
    with pytest.raises(BadArray, match="no label is 'dog', of which there is a slice"):
        clarify.check_slices([made("red", 0)], AXES[[0]], ["Dog"], ["Dog"], ["Dog"])


def test_what_xml_cannot_hold_does_not_break_the_report() -> None:
    (found,) = clarify.check_slices([made("a\x07b", 0)], AXES[[0]], ["dog"], ["dog"], ["dog"])
    assert ElementTree.fromstring(as_junit([found]))[0].get("name") == "a\ufffdb"


def test_a_pipe_in_a_phrase_does_not_break_the_table() -> None:
    (found,) = clarify.check_slices([made("a|b", 0)], AXES[[0]], ["dog"], ["dog"], ["dog"])
    assert "a\\|b" in as_markdown([found])
