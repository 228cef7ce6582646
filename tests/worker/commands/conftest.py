"""A folder of images to import, and what the commands make of it."""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.test import override_settings

from annotations.datasets.base_models import test_group_metrics as measure
from annotations.models import BaseModel, Dataset, Run
from annotations.runs import controls
from annotations.runs.controls import ControlKey
from annotations.runs.retraining import RetrainedHead, TrainingBatch, store_run
from clarify_errors.arrays.datasets.dataset_files import Split, open_dataset
from tests.support import actors
from worker.common.library_versions import library_versions
from worker.datasets.base_models import train_erm_head

Command = Callable[..., str]
Benchmark = Callable[..., dict[str, Any]]
HEAVY = ("--l2", 3)  # with this λ the ERM model of the small sprites goes by colour, as far as it can
AS_CSV = (
    "--format", "csv", "--similarity-encoder", actors.ENCODER,
    "--class-names", ",".join(actors.CLASSES), "--attribute-names", ",".join(actors.COLOURS),
)  # fmt: skip


@pytest.fixture
def command() -> Command:
    """Run a command and return what it wrote on standard output."""

    def run(*arguments: object) -> str:
        output = io.StringIO()
        call_command(*map(str, arguments), stdout=output)
        return output.getvalue()

    return run


@pytest.fixture
def benchmark_of(command: Command, tmp_path: Path) -> Benchmark:
    """Run a benchmark and return its record; what it printed is under `printed`."""

    def run(*arguments: object) -> dict[str, Any]:
        printed = command("benchmark", *arguments, "--output", tmp_path / "out")
        return {**json.loads((tmp_path / "out" / "benchmark.json").read_text()), "printed": printed}

    return run


@pytest.fixture
def data_root(tmp_path: Path) -> Iterator[Path]:
    """An empty DATA_ROOT of this test's own."""
    with override_settings(DATA_ROOT=tmp_path / "data"):
        yield tmp_path / "data"


@pytest.fixture
def source(tmp_path: Path, sprites_directory: Path) -> Path:
    """The small sprites as files, with a metadata.csv as the format csv has it."""
    return write_source(tmp_path / "source", sprites_directory)


def write_source(folder: Path, sprites_directory: Path) -> Path:
    files = open_dataset(sprites_directory)
    folder.mkdir()
    assert files.attributes is not None
    with (folder / "metadata.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["filename", "split", "class", "attribute"])
        for row, name in enumerate(files.filenames):
            shutil.copy(files.image_path(files.image_keys[row].decode()), (folder / name).with_suffix(".webp"))
            attribute, label = files.attribute_names[files.attributes[row]], files.class_names[files.labels[row]]
            writer.writerow([Path(name).with_suffix(".webp"), Split(files.splits[row]).word, label, attribute])
    return folder


@pytest.fixture(scope="module")
def stored_import(
    rows_of_the_module: None, sprites_directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dataset]:
    """The source as a data set, for a module that imports it once: `imported` is this one."""
    folder = tmp_path_factory.mktemp("imported")
    source = write_source(folder / "source", sprites_directory)
    with override_settings(DATA_ROOT=folder / "data"):
        call_command("import_dataset", "mine", str(source), *AS_CSV, stdout=io.StringIO())
        yield Dataset.objects.get(name="mine")


@pytest.fixture
def imported(db: None, stored_import: Dataset) -> Dataset:
    return Dataset.objects.get(pk=stored_import.pk)


@pytest.fixture(scope="module")
def stored_run(stored_import: Dataset) -> Run:
    """A run that is done. Its head is trained without an annotation: the commands do not care for which."""
    call_command("train_base_model", "mine", "--l2", "0.5", stdout=io.StringIO())
    return _finished(BaseModel.objects.get(dataset=stored_import))


@pytest.fixture
def finished_run(db: None, stored_run: Run) -> Run:
    return Run.objects.get(pk=stored_run.pk)


def _finished(base_model: BaseModel) -> Run:
    imported = base_model.dataset
    visit = actors.start_visit(actors.open_study(actors.create_study(base_model)), "alice")
    erm = train_erm_head(imported, 0.01)
    predictions = erm.head.predict(imported.files.array("features")[imported.files.rows(Split.TEST)])
    run = Run.objects.create(
        assignment=visit.assignment,
        base_model=base_model,
        annotation_digest="0" * 64,
        target_class=actors.SQUARE,
        phrase_text="*red* | [x](http://example.org) <b>",
        threshold=float(np.float32(0.25)),
        l2=0.01,
        min_slice_size=5,
    )
    retrained = RetrainedHead(
        metrics=measure(imported, predictions),
        test_predictions=predictions,
        head=erm.head,
        loss=erm.loss,
        certified_gap=erm.certified_gap,
        versions=library_versions(),
    )
    batch = TrainingBatch(imported, run.l2)
    control = controls.store(batch, ControlKey.of(run), retrained)
    assert store_run(run, retrained.columns, n_above=20, n_below=30, control=control)
    run.refresh_from_db()
    return run
