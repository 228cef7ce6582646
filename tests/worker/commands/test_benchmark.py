"""`manage.py benchmark`: every method of the paper's tables on one data set."""

import hashlib
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotations.models import BaseModel, Dataset, Run
from annotations.models.arrays import unpack_int32
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.zero_shot import CLASS_TEMPLATES, ZeroShot, class_prompts
from clarify_errors.tensors.baselines.dfr import train_dfr
from clarify_errors.tensors.baselines.released_sgd import EarlyStopping, train_released_sgd
from tests.support.actors import RED, SQUARE
from tests.support.fake_encoder import FakeEncoder
from tests.support.steps import end, submit_and_score
from tests.worker.commands.conftest import HEAVY, Benchmark, Command
from worker.benchmarks import methods
from worker.benchmarks.method_inputs import draw
from worker.benchmarks.methods import METHODS
from worker.benchmarks.published_settings import PUBLISHED
from worker.management.commands import benchmark
from worker.runs.run_training import train_due_runs

BY_COLOUR = ("--base-model", "by colour", *HEAVY)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published procedures take a few steps, for tests of what is told of them: how good they are is no matter."""
    published = PUBLISHED["waterbirds"]
    named = ("probe", "group_dro", "erm_adapter", "contrastive_adapter")
    few = {name: replace(getattr(published, name), epochs=3) for name in named}
    monkeypatch.setitem(PUBLISHED, "waterbirds", replace(published, **few))
    stopped = partial(train_released_sgd, stopping=EarlyStopping(max_steps=30))
    monkeypatch.setattr(methods, "train_released_sgd", stopped)
    monkeypatch.setattr(methods, "train_dfr", partial(train_dfr, n_models=2))


def row_of(record: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in record["rows"] if row["name"] == name)


def classifier(row: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in row["classifiers"] if each["name"] == name)


@pytest.mark.usefixtures("brief")
def test_every_method_has_a_row_with_figures(base_model: BaseModel, benchmark_of: Benchmark) -> None:
    record = benchmark_of("sprites-like", *BY_COLOUR, "--annotation", "square:red", "--seeds", 2)
    assert [row["method"] for row in record["rows"]] == [method.key for method in METHODS]
    for row in record["rows"]:
        assert not row["left_out"], row
        for each in row["classifiers"]:
            metrics = each["metrics"]
            assert metrics["worst_group"] == min(metrics["accuracies"])
            assert metrics["gap"] == pytest.approx(metrics["average"] - metrics["worst_group"])
            assert metrics["average"] == pytest.approx(np.average(metrics["accuracies"], weights=[40, 10, 10, 40]))
            assert metrics["average_plain"] == pytest.approx(np.mean(metrics["accuracies"]))


def test_seeds_are_draws_for_certified_rows_and_random_numbers_for_published_ones(
    sprites_like: Dataset, benchmark_of: Benchmark
) -> None:
    record = benchmark_of("sprites-like", "--methods", "erm,worst_class,dfr_subsample,class_prompt", "--seeds", 2)
    names = {row["method"]: [each["name"] for each in row["classifiers"]] for row in record["rows"]}
    assert names["erm"] == names["worst_class"] == ["seed 0", "seed 1", "all train"]
    assert names["dfr_subsample"] == ["seed 0", "seed 1"]
    assert names["class_prompt"] == ["class prompts"]
    erm = row_of(record, "ERM")
    assert [each["details"]["n_images"] for each in erm["classifiers"]] == [80, 80, 100]
    worst_groups = [classifier(erm, f"seed {seed}")["metrics"]["worst_group"] for seed in (0, 1)]
    assert erm["spread"]["worst_group"]["mean"] == pytest.approx(np.mean(worst_groups))
    assert erm["spread"]["worst_group"]["sd"] == pytest.approx(np.std(worst_groups, ddof=1))


def test_a_draw_is_80_percent_and_another_for_another_seed() -> None:
    rows = draw(101, 7)
    assert len(rows) == 80
    assert (np.diff(rows) > 0).all()
    assert rows.min() >= 0
    assert rows.max() < 101
    assert not np.array_equal(rows, draw(101, 8))
    assert np.array_equal(rows, draw(101, 7))


def test_a_draw_that_has_lost_a_slice_leaves_the_rows_of_both_objectives_out(
    base_model: BaseModel, benchmark_of: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = base_model.dataset.files
    assert files.attributes is not None
    rows = files.rows(Split.TRAIN)
    red_squares = (files.labels[rows] == SQUARE) & (files.attributes[rows] == RED)
    monkeypatch.setattr("worker.benchmarks.method_inputs.draw", lambda n, seed: np.flatnonzero(~red_squares))
    methods = "erm,slice_balanced,worst_slice"
    record = benchmark_of(
        "sprites-like", *BY_COLOUR, "--annotation", "square:red", "--methods", methods, "--seeds", 1
    )  # fmt: skip
    assert not row_of(record, "ERM")["left_out"]
    for name in ("Clarify (slice-balanced) #1", "Clarify (worst-slice) #1"):
        assert "class 0 is annotated, but its other slice is empty" in row_of(record, name)["left_out"]


def test_the_erm_row_of_all_train_is_the_base_model(
    sprites_like: Dataset, command: Command, benchmark_of: Benchmark
) -> None:
    command("train_base_model", "sprites-like", "--l2", "0.1")
    stored = BaseModel.objects.get(name="erm")
    record = benchmark_of("sprites-like", "--methods", "erm", "--seeds", 1, "--l2", "0.1")
    point = classifier(row_of(record, "ERM"), "all train")
    assert point["metrics"] == stored.test_metrics
    assert point["details"]["loss"] == pytest.approx(stored.training["loss"], rel=1e-7)
    assert 0 <= point["details"]["gap"] <= 1e-6 * point["details"]["loss"]


def test_the_slice_balanced_row_of_all_train_is_the_run_of_the_same_annotation(alice, benchmark_of: Benchmark) -> None:
    submit_and_score(alice, "red")
    end(alice)
    train_due_runs()
    run = Run.objects.get(phrase_text="red")
    record = benchmark_of(
        "sprites-like", "--base-model", "by colour", "--annotation", "square:red", "--methods", "slice_balanced"
    )
    point = classifier(row_of(record, "Clarify (slice-balanced) #1"), "all train")
    digest = hashlib.sha256(unpack_int32(run.test_predictions or b"").astype("<i4").tobytes()).hexdigest()
    assert point["predictions_sha256"] == digest
    assert point["metrics"]["worst_group"] == run.worst_group_accuracy
    assert record["annotations"][0]["threshold"] == run.threshold
    assert record["annotations"][0]["n_above"] == run.n_above
    assert (record["shown_model"]["base_model"], record["shown_model"]["l2"]) == ("by colour", run.l2)


def test_a_right_annotation_lifts_the_worst_group(base_model: BaseModel, benchmark_of: Benchmark) -> None:
    record = benchmark_of(
        "sprites-like", *BY_COLOUR, "--annotation", "square:red", "--annotation", "oval:blue",
        "--methods", "erm,slice_balanced,worst_slice,group_balanced,worst_group", "--seeds", 1,
    )  # fmt: skip
    worst = {row["name"]: classifier(row, "all train")["metrics"]["worst_group"] for row in record["rows"]}
    assert worst["Clarify (slice-balanced) set #1, #2"] > worst["ERM"]
    assert worst["Clarify (worst-slice) set #1, #2"] > worst["ERM"]
    assert worst["DFR (convex)"] > worst["ERM"]
    assert worst["Group DRO (convex)"] > worst["ERM"]


def test_class_prompts_are_classified_by_similarity_alone(sprites_like: Dataset, benchmark_of: Benchmark) -> None:
    record = benchmark_of("sprites-like", "--methods", "class_prompt")
    prompts = class_prompts(["square", "oval"])
    files = sprites_like.files
    images = files.array("similarity")[files.rows(Split.TEST)]
    expected = ZeroShot.of(prompts, FakeEncoder().encode_texts).predict(images)
    one = classifier(row_of(record, "Class Prompt"), "class prompts")
    assert one["predictions_sha256"] == hashlib.sha256(expected.astype("<i4").tobytes()).hexdigest()
    assert record["settings"]["prompts"]["class_templates"] == list(CLASS_TEMPLATES)


def test_the_published_settings_are_those_of_the_data_set_named(sprites_like: Dataset, benchmark_of: Benchmark) -> None:
    record = benchmark_of("sprites-like", "--methods", "erm_sgd", "--seeds", 1, "--published", "celeba")
    assert record["settings"]["published"]["released"]["learning_rate"] == 0.1
    assert record["settings"]["published"]["group_dro"]["epochs"] == 50
    assert record["settings"]["prompts"]["class_templates"] == ["A photo of a celebrity with {class} hair."]


def test_the_table_is_printed_and_the_same_command_makes_the_same_files(
    sprites_like: Dataset, command: Command, tmp_path: Path
) -> None:
    command("train_base_model", "sprites-like", *HEAVY)
    arguments = ("benchmark", "sprites-like", "--annotation=square:red", "--methods=erm,slice_balanced,dfr")
    printed = command(*arguments, "--output", tmp_path / "a")
    command(*arguments, "--output", tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["benchmark.json", "benchmark.md", "predictions.npz"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "| Data Assumptions" in printed
    assert "Clarify (slice-balanced) #1" in printed
    assert str(tmp_path / "a" / "benchmark.md") in printed
    rows = json.loads((tmp_path / "a" / "benchmark.json").read_text())["rows"]
    assert [row["method"] for row in rows] == ["erm", "slice_balanced", "dfr"]
    assert 0 < rows[0]["spread"]["worst_group"]["mean"] <= rows[0]["spread"]["average"]["mean"] <= 1
    assert "all train" not in [each["name"] for each in rows[2]["classifiers"]]


def test_without_an_annotation_the_rows_that_need_one_say_so(sprites_like: Dataset, benchmark_of: Benchmark) -> None:
    record = benchmark_of("sprites-like", "--methods", "erm,slice_balanced", "--seeds", 1)
    assert [row["left_out"] for row in record["rows"]] == ["", "no annotation was given"]
    assert "Clarify (slice-balanced): left out, no annotation was given." in record["printed"]


def test_a_phrase_that_explains_nothing_makes_no_row(base_model: BaseModel, benchmark_of: Benchmark) -> None:
    arguments = ("--annotation", "square:blue", "--methods", "erm,slice_balanced", "--seeds", 1)
    record = benchmark_of("sprites-like", "--base-model", base_model.name, *arguments)
    assert "error score is 0" in row_of(record, "Clarify (slice-balanced) #1")["left_out"]


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("unusable", ["oval:no blue", "oval:blue:0.99"])
def test_a_set_goes_without_the_annotation_that_makes_no_slices_and_says_so(
    base_model: BaseModel, benchmark_of: Benchmark, unusable: str
) -> None:
    methods = "roboshot,slice_balanced,worst_slice,slice_balanced_sgd,worst_slice_sgd"
    arguments = ("--annotation", "square:red", "--annotation", unusable, "--methods", methods, "--seeds", 1)
    record = benchmark_of("sprites-like", "--base-model", base_model.name, *arguments)
    phrase = record["annotations"][1]["phrase"]
    for name in ("slice-balanced)", "worst-slice)", "slice-balanced), released SGD", "worst-slice), released SGD"):
        alone, together = (row_of(record, f"Clarify ({name} {which}") for which in ("#1", "set #1, #2"))
        assert together["classifiers"] == alone["classifiers"] != []
        assert alone["missing"] == []
        (unused,) = together["missing"]
        assert (unused["target_class"], unused["phrase"]) == ("oval", phrase)
        assert f"Clarify ({name} set #1, #2: without “{phrase}” on oval, " in record["printed"]
        assert row_of(record, f"Clarify ({name} #2")["left_out"]
    directions = row_of(record, "RoboShot set #1, #2")["classifiers"][0]["details"]["harmful_directions"]
    assert directions == 2  # of the annotations only the words count


def test_groups_that_are_only_classes_leave_the_methods_that_need_more_out(
    sprites_like: Dataset, benchmark_of: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    Dataset.objects.filter(pk=sprites_like.pk).update(attribute_names=[])
    record = benchmark_of("sprites-like", "--methods", "erm,group_prompt,dfr", "--seeds", 1)
    assert row_of(record, "ERM")["left_out"] == ""
    for name in ("Group Prompt", "DFR"):
        assert "no attribute" in row_of(record, name)["left_out"]


def test_an_encoder_that_is_missing_costs_the_rows_with_texts_alone(
    sprites_like: Dataset, command: Command, benchmark_of: Benchmark
) -> None:
    Dataset.objects.filter(pk=sprites_like.pk).update(similarity_encoder="python:no_such_module")
    record = benchmark_of("sprites-like", "--methods", "erm,class_prompt", "--seeds", 1)
    assert row_of(record, "ERM")["left_out"] == ""
    assert "no_such_module" in row_of(record, "Class Prompt")["left_out"]
    command("train_base_model", "sprites-like")
    with pytest.raises(CommandError, match="no_such_module"):
        benchmark_of("sprites-like", "--annotation", "square:red", "--methods", "erm")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "There is no data set nothing"),
        (["sprites-like", "--annotation", "circle:red"], "there is no class 'circle'. Known classes: square, oval"),
        (["sprites-like", "--annotation", "square"], "is not an annotation"),
        (["sprites-like", "--methods", "erm,magic"], "there is no method 'magic'"),
        (["sprites-like", "--study", "nowhere"], "There is no study 'nowhere'"),
        (["sprites-like", "--base-model", "other"], "has no base model other"),
        (["sprites-like", "--annotation", "square:red"], "has no base model erm. .* train one with train_base_model"),
        (["sprites-like", "--seeds", "0"], "at least 1"),
        (["sprites-like", "--l2", "0"], "--l2"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    sprites_like: Dataset, command: Command, tmp_path: Path, arguments: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        command("benchmark", *arguments, "--output", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_trained(
    sprites_like: Dataset, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(benchmark, "run_benchmark", lambda *_: pytest.fail("it was trained"))
    with pytest.raises(CommandError, match="cannot be written"):
        command("benchmark", "sprites-like", "--methods", "erm", "--output", tmp_path / "file")


def test_figures_that_cannot_be_written_are_printed(
    sprites_like: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benchmark.md").mkdir()  # in the way of the file
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("benchmark", "sprites-like", "--methods=class_prompt", "--output", str(tmp_path))
    assert "| Zero-Shot " in capsys.readouterr().out
