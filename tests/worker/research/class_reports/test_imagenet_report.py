"""`manage.py imagenet_report` on a miniature ImageNet: what its files say follows from the images."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from annotations.models import BaseModel, Dataset
from annotations.runs import trained_rows
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.arrays.retraining.heads import Head
from tests.support.actors import ENCODER
from tests.support.correcting import RIGHT_WORDS, say, study_of_both
from tests.support.fake_encoder import load
from tests.worker.research.class_reports.miniature import CLASSES, is_rare, write_imagenet
from worker import corrections
from worker.common.process_cache import training_set
from worker.research.class_reports import class_report_files

ANNOTATIONS = "class,phrase\ndark square,red\nlight oval,blue\n"
DARK_SQUARE, LIGHT_OVAL = 0, 3
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def folder(rows_of_the_module: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Both sets are imported, a base model is trained, and keywords are ranked."""
    folder = tmp_path_factory.mktemp("miniature")
    with override_settings(DATA_ROOT=folder / "data"):
        write_imagenet(folder / "imagenet", folder / "v2")
        for name, source in (("imagenet", "imagenet"), ("imagenet-v2", "v2")):
            format_and_encoder = ("--format", "imagenet", "--similarity-encoder", ENCODER)
            call_command("import_dataset", name, str(folder / source), *format_and_encoder)
        call_command("train_base_model", "imagenet", "--l2", "3")
        (folder / "words.txt").write_text("red\nblue\ndark\nlight\n")
        listed = (
            "--base-model",
            "erm",
            "--list",
            str(folder / "words.txt"),
            "--blind",
            "--output",
            str(folder / "keywords"),
        )
        call_command("rank_keywords", "imagenet", *listed, "--permutations", "50")
        yield folder


def report(folder: Path, *more: object, annotations: str = ANNOTATIONS, output: str = "report") -> Path:
    (folder / "annotations.csv").write_text(annotations)
    given = ("--annotations", folder / "annotations.csv", "--draws", 4, "--output", folder / output, *more)
    call_command("imagenet_report", "imagenet", *map(str, given))
    return folder / output


@pytest.fixture(scope="module")
def written(folder: Path) -> Path:
    return report(folder, "--second", "imagenet-v2")


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report has no figures: to draw them takes longer than all the rest."""
    monkeypatch.setattr(class_report_files, "draw_files", lambda drawn, panels, folder: None)


def rows(folder: Path, name: str, **kept: str) -> Rows:
    with (folder / f"{name}.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if all(row[key] == value for key, value in kept.items())]


def only(folder: Path, name: str, **kept: str) -> dict[str, str]:
    (row,) = rows(folder, name, **kept)
    return row


def base_model() -> BaseModel:
    return BaseModel.objects.get(dataset__name="imagenet")


def test_thresholds_are_those_of_the_error_score_on_validation(written: Path) -> None:
    files, model = base_model().dataset.files, base_model()
    for name, label, phrase in (("dark square", DARK_SQUARE, "red"), ("light oval", LIGHT_OVAL, "blue")):
        row = only(written, "annotations", **{"class": name})
        images = files.rows(Split.VALIDATION, label)
        values = similarities(files.array("similarity")[images], load().encode_texts([f"an image of a {phrase}"])[0])
        expected = error_score(values, model.predicted[images] != label)
        assert (row["phrase"], row["sign"], row["why_not"]) == (phrase, "1", "")
        assert (float(row["threshold"]), float(row["error_score"])) == (expected.threshold, expected.value)
        train = files.rows(Split.TRAIN, label)
        above = similarities(files.array("similarity")[train], load().encode_texts([f"an image of a {phrase}"])[0])
        assert int(row["images_above"]) == (above > np.float32(float(row["threshold"]))).sum()


@pytest.mark.parametrize(
    ("name", "dataset"), [("validation", "imagenet"), ("test", "imagenet"), ("second", "imagenet-v2")]
)
def test_the_base_model_is_measured_on_each_part_of_each_set(written: Path, name: str, dataset: str) -> None:
    """The same phrase and threshold cut every set."""
    files, head_of = Dataset.objects.get(name=dataset).files, base_model()
    split = Split.VALIDATION if name == "validation" else Split.TEST
    for class_name, label, phrase in (("dark square", DARK_SQUARE, "red"), ("light oval", LIGHT_OVAL, "blue")):
        images, text = files.rows(split, label), load().encode_texts([f"an image of a {phrase}"])[0]
        threshold = float(only(written, "annotations", **{"class": class_name})["threshold"])
        above = similarities(files.array("similarity")[images], text) > np.float32(threshold)
        rare = np.array([is_rare(files.filenames[row]) for row in images])
        assert (above == rare).mean() >= 0.8  # the words name what was planted
        if dataset == "imagenet":
            right = head_of.predicted[images] == label
        else:
            from_file = Head.from_bytes(bytes(head_of.head or b""))
            right = from_file.predict(files.array("features")[images]) == label
        for part, members in (("minority", above), ("majority", ~above), ("class", np.ones_like(above))):
            kept = {"set": name, "class": class_name, "part": part, "model": "before", "division": "annotations"}
            row = only(written, "class_accuracies", **kept)
            assert (row["dataset"], int(row["images"])) == (f"{dataset} v1", members.sum())
            assert float(row["accuracy"]) == pytest.approx(right[members].mean())
            assert float(row["accuracy_low"]) <= float(row["accuracy"]) <= float(row["accuracy_high"])


def test_annotations_lift_the_minority_above_what_random_slices_do(written: Path) -> None:
    kept = {"set": "test", "division": "annotations", "part": "minority"}
    means = {row["model"]: row for row in rows(written, "mean_accuracies", **kept)}
    assert set(means) == {"before", "control", "after", "random"}  # ImageNet has no true groups
    before, control, after = (float(means[model]["accuracy"]) for model in ("before", "control", "after"))
    assert after > max(before, control) + 0.2
    assert float(means["after"]["gain"]) == pytest.approx(after - before)
    assert float(means["after"]["own_gain"]) == pytest.approx(after - control)
    assert after > float(means["random"]["accuracy"])
    assert float(means["after"]["percentile"]) >= 50  # a colour is one of this encoder's few directions


@pytest.mark.usefixtures("undrawn")
def test_the_models_are_weighted_as_the_methods_say(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """after: 1 / (C k S); control: 1 / (C N_c); random: as after, other images."""
    seen: list[np.ndarray] = []
    solve = corrections.solve

    def watched(model: BaseModel, weights: np.ndarray, classes: Any) -> Any:
        seen.append(weights)
        return solve(model, weights, classes)

    monkeypatch.setattr("worker.research.class_reports.compared_models.solve", watched)
    written = report(folder, output="weights")
    (weights,), labels = seen, training_set(base_model().dataset).labels
    keys = ["after", "control", "keywords", "keywords_control", *(f"random {n}" for n in (1, 2, 3, 4))]
    assert list(json.loads((written / "report.json").read_text())["models"]) == sorted(keys)
    of = dict(zip(keys, weights.T, strict=True))
    n_above = {row["class"]: int(row["images_above"]) for row in rows(written, "annotations")}
    for label, name in enumerate(CLASSES):
        of_class = labels == label
        above = n_above.get(name, 0)
        expected = (
            [1 / (4 * 2 * above)] * above + [1 / (4 * 2 * (40 - above))] * (40 - above) if above else [1 / 160] * 40
        )
        for key in ("after", "random 1", "random 4"):
            np.testing.assert_allclose(np.sort(of[key][of_class]), np.sort(expected))
        np.testing.assert_allclose(of["control"][of_class], 1 / 160)
    cuts = {of[key].tobytes() for key in ("after", *(key for key in keys if key.startswith("random")))}
    assert len(cuts) > 1


def test_keywords_stand_beside_annotations(written: Path) -> None:
    kept = {"set": "test", "part": "minority", "model": "before"}
    by_division = {row["division"]: row["accuracy"] for row in rows(written, "mean_accuracies", **kept)}
    assert by_division["keywords"] == by_division["annotations"]  # the machine's first words are people's here
    assert rows(written, "mean_accuracies", division="keywords", model="keywords", set="second")


def test_the_preselection_orders_classes_by_score_over_null_level(written: Path) -> None:
    found = rows(written, "preselected_classes", list="words.txt")
    beyond = [float(row["error_score"]) / float(row["null_level"]) for row in found]
    assert found and beyond == sorted(beyond, reverse=True)
    assert all(0.2 <= float(row["accuracy"]) <= 0.8 for row in found)
    assert all(
        (float(row["error_score"]) > float(row["null_level"])) == (float(row["p_value"]) <= 0.05) for row in found
    )


def test_every_file_is_there_and_every_column_explained(written: Path) -> None:
    tables = ("preselected_classes", "annotations", "mean_accuracies", "class_accuracies")
    described = {(row["file"], row["column"]) for row in rows(written, "data_dictionary")}
    for name in tables:
        with (written / f"{name}.csv").open(newline="") as file:
            assert {(f"{name}.csv", column) for column in next(csv.reader(file))} <= described
    for number in (7, 8, 9, 11):
        assert (written / f"figure-{number}.svg").stat().st_size > 1_000
        assert json.loads((written / f"figure-{number}.json").read_text())["usermeta"] == {"figure": f"figure-{number}"}
    assert (written / "panels.png").stat().st_size > 1_000
    page = (written / "report.md").read_text()
    for words in (
        "21.1% to 28.7%",
        "2,000 resamples (seed 7)",
        "manage.py imagenet_report imagenet",
        "figure-8.svg",
        "torch",
    ):
        assert words in page


@pytest.mark.usefixtures("undrawn")
def test_the_same_command_gives_the_same_tables_and_its_annotations_can_be_given_again(
    folder: Path, written: Path
) -> None:
    again = report(
        folder, "--second", "imagenet-v2", annotations=(written / "annotations.csv").read_text(), output="again"
    )
    for name in ("annotations", "mean_accuracies", "class_accuracies"):
        assert (again / f"{name}.csv").read_bytes() == (written / f"{name}.csv").read_bytes()


@pytest.mark.usefixtures("undrawn")
def test_of_very_many_classes_the_rows_of_the_annotated_ones_are_trained(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trained_rows, "MANY_CLASSES", 3)
    written = report(folder, output="some-rows")
    assert json.loads((written / "report.json").read_text())["solved"] == corrections.SOME_ROWS
    kept = {"set": "test", "division": "annotations", "part": "minority", "model": "after"}
    assert float(only(written, "mean_accuracies", **kept)["gain"]) > 0


@pytest.mark.usefixtures("undrawn")
def test_a_threshold_and_a_sign_are_taken_as_they_are_given(folder: Path) -> None:
    given = "class,phrase,threshold,sign\n0,blue,-0.1,-1\nlight oval,blue,,\n"
    row = only(report(folder, annotations=given, output="given"), "annotations", **{"class": "dark square"})
    assert (float(row["threshold"]), row["sign"]) == (float(np.float32(-0.1)), "-1")


@pytest.mark.usefixtures("undrawn")
def test_a_studys_best_phrases_stand_beside_the_true_groups(base_model: BaseModel, tmp_path: Path) -> None:
    say(study_of_both(base_model), "alice", RIGHT_WORDS)
    call_command("imagenet_report", "sprites-like", "--study", "both", "--draws", "3", "--output", str(tmp_path))
    means = rows(tmp_path, "mean_accuracies", set="test", part="minority", division="groups")
    assert {row["model"] for row in means} == {"before", "control", "after", "groups", "random"}
    of = {row["model"]: float(row["accuracy"]) for row in means}
    assert of["before"] == pytest.approx((0.25 + 0.5) / 2)  # red squares and blue ovals, as the base model is made
    assert of["groups"] > of["before"]
    assert {row["participant"] for row in rows(tmp_path, "annotations")} != {""}
    assert rows(tmp_path, "preselected_classes") == []


@pytest.mark.parametrize(
    ("annotations", "more", "why"),
    [
        ("class,phrase\ncircle,red\n", (), r"annotations.csv, line 2: there is no class 'circle'"),
        ("class,phrase,threshold\ndark square,red,high\n", (), "line 2: threshold is 'high', not a number"),
        ("class,phrase,sign\ndark square,red,2\n", (), "line 2: sign is '2', not one of"),
        ("class,phrase\ndark square,\n", (), "line 2: 'dark square::' is not an annotation"),
        ("class\ndark square\n", (), "the header lacks phrase"),
        ("class,phrase\n", (), "nothing can be trained with these annotations. There are none"),
        ("class,phrase,threshold\ndark square,red,0.99\n", (), "nothing can be trained .* “red”: "),
        (ANNOTATIONS, ("--draws", 1), "--draws must be at least 2"),
        (ANNOTATIONS, ("--second", "imagenet"), "is the data set of the correction itself"),
        (ANNOTATIONS, ("--second", "nowhere"), "There is no data set nowhere"),
        (ANNOTATIONS, ("--base-model", "other"), "has no base model other. Known base models: erm"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    folder: Path, annotations: str, more: tuple[object, ...], why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        report(folder, *more, annotations=annotations, output="refused")
