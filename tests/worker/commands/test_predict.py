"""`manage.py predict`: an exported head classifies images as it did in the system."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotations.models import Run
from annotations.models.arrays import unpack_int32
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.retraining.heads import Head
from tests.worker.commands.conftest import Command


@pytest.fixture
def head(finished_run: Run, command: Command, tmp_path: Path) -> Path:
    command("export_head", finished_run.public_id, "--output", tmp_path / "head")
    return tmp_path / "head" / "head.safetensors"


def predict(*arguments: object) -> list[dict[str, str]]:
    output = io.StringIO()
    call_command("predict", *map(str, arguments), stdout=output)
    return list(csv.DictReader(io.StringIO(output.getvalue())))


def test_the_stored_test_predictions_come_out_again_from_the_original_images(
    finished_run: Run, head: Path, source: Path
) -> None:
    files = finished_run.base_model.dataset.files
    assert finished_run.test_predictions is not None
    stored = unpack_int32(finished_run.test_predictions)
    predicted = {line["image"]: line["predicted"] for line in predict(head, source)}
    assert len(predicted) == files.n_rows
    assert [predicted[files.filenames[row]] for row in files.rows(Split.TEST)] == [
        files.class_names[label] for label in stored
    ]


def test_an_image_alone_gets_the_same_probabilities_as_among_others(head: Path, source: Path) -> None:
    among_others = {line["image"]: line for line in predict(head, source)}
    name = "oval-red-test-03.webp"
    [alone] = predict(head, source / name)
    assert alone["image"] == str(source / name)
    for column in ("predicted", "probability of square", "probability of oval"):
        assert alone[column] == among_others[name][column]


def test_probabilities_add_up_and_the_largest_one_wins(head: Path, source: Path) -> None:
    for line in predict(head, source):
        square, oval = float(line["probability of square"]), float(line["probability of oval"])
        assert square + oval == pytest.approx(1)
        assert line["predicted"] == ("square" if square >= oval else "oval")


def test_the_table_may_go_into_a_file(head: Path, source: Path, tmp_path: Path) -> None:
    assert predict(head, source, "--output", tmp_path / "out.csv") == []
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == predict(head, source)


def test_an_output_that_cannot_be_written_is_named(head: Path, source: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none/out\.csv cannot be written: No such file or directory\."):
        predict(head, source, "--output", tmp_path / "none" / "out.csv")


def test_unreadable_images_are_named_and_the_others_predicted(head: Path, source: Path) -> None:
    (source / "broken.png").write_bytes(b"no image")
    output, errors = io.StringIO(), io.StringIO()
    call_command(
        "predict", str(head), str(source / "broken.png"), str(source / "oval-red-test-03.webp"),
        stdout=output, stderr=errors,
    )  # fmt: skip
    assert "broken.png: skipped, unreadable" in errors.getvalue()
    assert "broken.png" not in output.getvalue()
    assert len(output.getvalue().splitlines()) == 2


def test_only_unreadable_images_are_an_error(head: Path, source: Path) -> None:
    (source / "broken.png").write_bytes(b"no image")
    with pytest.raises(CommandError, match="None of the images"):
        predict(head, source / "broken.png")


def plain_head(width: int) -> bytes:
    standardization = Standardization(np.zeros(width, np.float32), np.ones(width, np.float32))
    return Head.of(np.eye(2, width), np.zeros(2), standardization, ["a", "b"]).to_bytes()


def test_a_head_that_names_no_encoder_needs_one_to_be_given(source: Path, tmp_path: Path) -> None:
    head = tmp_path / "plain.safetensors"
    head.write_bytes(plain_head(12))
    with pytest.raises(CommandError, match="--encoder"):
        predict(head, source)
    assert len(predict(head, source, "--encoder", "python:tests.support.fake_encoder")) == 196


def test_an_encoder_of_another_width_is_refused(source: Path, tmp_path: Path) -> None:
    head = tmp_path / "plain.safetensors"
    head.write_bytes(plain_head(5))
    with pytest.raises(CommandError, match=r"expects 5 features, .* gives 12"):
        predict(head, source, "--encoder", "python:tests.support.fake_encoder")


def test_what_is_not_there_is_named(head: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.png: no such file"):
        predict(head, tmp_path / "none.png")
    with pytest.raises(CommandError, match=r"none\.safetensors: No such file"):
        predict(tmp_path / "none.safetensors", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match="there are no images"):
        predict(head, tmp_path / "empty")


def test_a_file_that_is_no_head_is_refused(tmp_path: Path, source: Path) -> None:
    (tmp_path / "no.safetensors").write_bytes(b"nothing of the sort")
    with pytest.raises(CommandError, match="not a safetensors file"):
        predict(tmp_path / "no.safetensors", source)
