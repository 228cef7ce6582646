"""`clarify explain` and `clarify diagnose`, as somebody runs it who has pictures, predictions and no server."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import clarify_errors
from clarify_errors.arrays.sprites import sprites_source
from clarify_errors.arrays.sprites.sprites_source import ATTRIBUTES, CLASSES, SPLITS
from clarify_errors.explanations.command_line import main
from clarify_errors.explanations.inputs import embeddings_of
from clarify_errors.tensors.encoders.clip import OpenClipEncoder
from tests.modeling.conftest import encode

ENCODER = "bundled:small-clip"


@pytest.fixture(scope="module")
def folder(sprites_once: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawings of ovals and squares, and a classifier that takes whatever is red for an oval."""
    folder = tmp_path_factory.mktemp("pictures")
    sprites = sprites_source.sprites_dataset(seed=0)
    is_rare = (sprites.splits == 0) & (sprites.labels == CLASSES.index("square"))
    some = np.flatnonzero(is_rare | (np.arange(len(sprites.splits)) % 8 == 0))
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "prediction", "group", "split"])
        for i in some:
            label, colour = CLASSES[sprites.labels[i]], ATTRIBUTES[sprites.attribute_ids[i]]
            Image.fromarray(sprites.images[i]).save(folder / f"{i}.png")
            prediction = "oval" if colour == "red" else label
            table.writerow([f"{i}.png", label, prediction, colour, SPLITS[sprites.splits[i]]])
    (folder / "phrases.txt").write_text("round\nred\n\nstriped\n", encoding="utf-8")
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def explain(folder: Path, *more: str | Path) -> Result:
    return run("explain", folder / "table.csv", "--phrases", folder / "phrases.txt", "--encoder", ENCODER, *more)


def diagnose(table: Path, cache: Path, *more: str | Path) -> Result:
    return run("diagnose", table, "--encoder", ENCODER, "--cache", cache, *more)


def test_pictures_a_table_and_words_are_enough(folder: Path) -> None:
    done = explain(folder, "--json", "--correct", "best", "--head", folder / "head.safetensors")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["class"] == "square"
    assert said["phrases"][0]["phrase"] == "red" == said["correction"]["phrase"]
    gain = said["correction"]["gain"]
    assert gain["own"] == pytest.approx(gain["corrected"] - gain["control"])
    assert {each["group"] for each in said["correction"]["groups"]} >= {"worst group", "average"}
    assert (folder / "head.safetensors").stat().st_size > 100


def test_words_for_people_say_class_split_and_own_gain(folder: Path) -> None:
    done = explain(folder, "--correct", "red", "--sheet", folder / "sheet.png")
    assert done.exit_code == 0, done.output
    assert "Class: square" in done.stdout and "wrong_with" in done.stdout and "own gain" in done.stdout
    assert Image.open(folder / "sheet.png").width > 100


def test_embeddings_stand_for_pictures_and_give_the_same_scores(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "table.csv").open(encoding="utf-8") as file:
        pictures = [Image.open(folder / row["path"]) for row in csv.DictReader(file)]
    with monkeypatch.context() as anew:
        anew.setattr(OpenClipEncoder, "encode_images", encode)
        np.save(folder / "embeddings.npy", clarify_errors.load_encoder(ENCODER).encode_images(pictures))
    from_files = json.loads(explain(folder, "--json").stdout)["phrases"]
    from_rows = json.loads(explain(folder, "--json", "--embeddings", folder / "embeddings.npy").stdout)["phrases"]
    assert from_files == from_rows


@pytest.mark.parametrize(
    ("header", "sentence"),
    [("path,label\n", "has no column prediction"), ("label,prediction\n", "no column path")],
)
def test_a_table_that_lacks_a_column_is_told(folder: Path, tmp_path: Path, header: str, sentence: str) -> None:
    (tmp_path / "table.csv").write_text(f"{header}a,b\n", encoding="utf-8")
    done = run("explain", tmp_path / "table.csv", "--phrases", folder / "phrases.txt", "--encoder", ENCODER)
    assert done.exit_code == 1
    assert sentence in done.stderr


def test_a_picture_that_is_missing_is_told_with_its_row(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(
        f"path,label,prediction\n{folder / '0.png'},square,oval\nlost.png,square,square\n"
    )
    done = run("explain", tmp_path / "table.csv", "--phrases", folder / "phrases.txt", "--encoder", ENCODER)
    assert done.output == f"Error: row 2 of the table: there is no file {tmp_path / 'lost.png'}\n"


def test_ctrl_c_ends_with_130(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "phrases.txt")  # whoever reads it waits until somebody has written
    command: list[str | Path] = [
        "explain",
        folder / "table.csv",
        "--phrases",
        tmp_path / "phrases.txt",
        "--encoder",
        ENCODER,
    ]
    script = """
import signal
from clarify_errors.explanations.command_line import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a child of who ignores it would ignore it too
main()
"""
    with (
        subprocess.Popen([sys.executable, "-c", script, *command], stderr=subprocess.PIPE, text=True) as explaining,
        (tmp_path / "phrases.txt").open("w"),  # opens once it reads
    ):
        explaining.send_signal(signal.SIGINT)
        _, told = explaining.communicate()
    assert (explaining.returncode, told) == (130, "Interrupted.\n")


def test_one_command_proposes_words_and_writes_them_as_a_page_a_table_and_slices(folder: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("report.html", "classes.csv", "slices.json")}
    options = [each for pair in zip(("--html", "--csv", "--slices"), files.values(), strict=True) for each in pair]
    done = diagnose(folder / "table.csv", tmp_path, *options)
    assert done.exit_code == 0, done.output
    (row,) = (each for each in csv.DictReader(files["classes.csv"].open(encoding="utf-8")) if not each["left_out"])
    assert row["class"] == "square"
    assert f"“{row['phrase']}”" in done.stdout
    assert row["phrase"] in files["report.html"].read_text(encoding="utf-8")
    checked = run(
        "check", files["slices.json"], folder / "table.csv", "--against", folder / "table.csv", "--encoder", ENCODER
    )
    assert checked.exit_code == 0, checked.output


def test_where_nothing_is_found_the_report_says_so_and_no_slice_is_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "phrases.txt").write_text("striped\n")
    slices = tmp_path / "slices.json"
    done = diagnose(folder / "table.csv", tmp_path, "--phrases", tmp_path / "phrases.txt", "--slices", slices)
    assert "square: no word tells the errors apart better than guessing" in done.stdout
    assert (done.exit_code, slices.exists()) == (1, False)
    assert "no phrase is better than guessing, so there is no slice to keep" in done.stderr


def test_a_diagnosis_without_the_missing_picture_names_it(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "table.csv").read_text().replace("0.png", "lost.png", 1)
    (folder / "lacking.csv").write_text(lines)
    done = diagnose(folder / "lacking.csv", tmp_path, "--phrases", folder / "phrases.txt")
    assert done.exit_code == 0, done.output
    assert f"Left out: {folder / 'lost.png'}: " in done.stderr
    assert ", 1 unreadable" in done.stdout


def test_a_phrase_that_was_not_scored_cannot_correct(folder: Path) -> None:
    done = explain(folder, "--correct", "purple")
    assert done.exit_code == 1 and "purple" in done.stderr and "Traceback" not in done.output


def test_an_unknown_encoder_is_told_in_a_sentence(folder: Path) -> None:
    done = run("explain", folder / "table.csv", "--phrases", folder / "phrases.txt", "--encoder", "nonsense")
    assert done.exit_code == 1 and done.stderr.startswith("Error: ")


def test_a_language_that_the_encoder_does_not_understand_is_told_before_images_are_embedded(
    folder: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("path,label,prediction\nno-picture.png,oval,square\nno-picture.png,square,square\n")
    (tmp_path / "no-picture.png").write_text("nothing")
    done = run("explain", table, "--phrases", folder / "phrases.txt", "--encoder", ENCODER, "--language", "de")
    assert done.exit_code == 1 and done.stderr.startswith("Error: the encoder does not understand German: choose one")


@pytest.mark.parametrize("command", ["explain", "manage", "import", "demo"])
def test_the_help_names_each_command(command: str) -> None:
    assert f"  {command} " in run("--help").stdout


def test_a_host_of_the_server_without_pandas_and_torch_has_the_command_too() -> None:
    """The service's base brings neither, and `clarify manage` is for its operators."""
    script = (
        "import sys, clarify_errors.explanations.command_line; print(sorted({'pandas', 'torch'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "is_told"), [(Terminal(), True), (io.StringIO(), False)])
def test_a_terminal_is_told_how_many_images_are_done(
    stream: io.StringIO, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder: Any = SimpleNamespace(encode_images=lambda images: np.ones((len(images), 2)))
    monkeypatch.setattr(sys, "stderr", stream)
    assert embeddings_of([Image.new("RGB", (2, 2))] * 6, encoder).shape == (6, 2)
    assert ("6/6 " in stream.getvalue()) == bool(stream.getvalue()) == is_told


def test_a_wrong_option_ends_with_two(folder: Path) -> None:
    assert run("explain", folder / "table.csv").exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_given_their_completion(shell: str) -> None:
    script = "from clarify_errors.explanations.command_line import main; main(prog_name='clarify')"
    env = {**os.environ, "_CLARIFY_COMPLETE": f"{shell}_source"}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
    assert "_CLARIFY_COMPLETE" in done.stdout, done.stderr
