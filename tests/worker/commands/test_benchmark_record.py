"""What `manage.py benchmark` records, so that it can be computed again and told from another."""

import hashlib
import os
import platform
from pathlib import Path

import numpy as np
import torch

from annotations.models import BaseModel, Dataset
from annotations.models.arrays import pack_int32
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.similarity import similarities
from tests.support.fake_encoder import FakeEncoder
from tests.worker.commands.conftest import Benchmark, Command
from worker.common.library_versions import processor


def test_the_record_holds_what_it_takes_to_compute_it_again(
    sprites_like: Dataset, command: Command, benchmark_of: Benchmark
) -> None:
    command("train_base_model", "sprites-like", "--l2", 3)
    record = benchmark_of("sprites-like", "--annotation", "square:no blue", "--methods", "slice_balanced", "--seeds", 1)
    dataset, annotation = record["dataset"], record["annotations"][0]
    assert dataset["digest"] == sprites_like.digest
    assert dataset["encoders"]["fake"]["spec"] == "python:tests.support.fake_encoder"
    assert record["settings"]["l2"] == 3
    assert {"clarify", "numpy", "python", "scikit-learn", "torch"} <= record["versions"].keys()
    assert (annotation["phrase"], annotation["rendered_text"]) == ("no blue", "an image of a blue")
    assert annotation["sign"] == -1
    embedding = FakeEncoder().encode_texts(["an image of a blue"])[0]
    files = sprites_like.files
    rows = files.rows(Split.TRAIN, 0)
    values = -similarities(files.array("similarity")[rows], embedding)
    assert annotation["n_above"] == int((values > np.float32(annotation["threshold"])).sum())
    assert annotation["n_above"] + annotation["n_below"] == 50
    assert "'--annotation=square:no blue'" in record["command"]
    assert "--seeds=1" in record["command"]


def test_the_record_names_the_machine_and_how_many_threads_it_used(
    sprites_like: Dataset, benchmark_of: Benchmark
) -> None:
    machine = benchmark_of("sprites-like", "--methods", "class_prompt")["machine"]
    assert machine["threads"] == torch.get_num_threads()
    assert machine["cores"] == os.cpu_count()
    assert machine["processor"] == processor()
    assert machine["instructions"]
    assert (machine["gpu"] is None) == (not torch.cuda.is_available())


def test_the_record_tells_other_predictions_of_the_shown_model_by_their_digest(
    base_model: BaseModel, benchmark_of: Benchmark
) -> None:
    arguments = ("sprites-like", "--base-model", base_model.name, "--annotation", "square:red", "--methods", "roboshot")
    predicted = base_model.predicted.copy()
    validation = base_model.dataset.files.rows(Split.VALIDATION)
    digest = hashlib.sha256(predicted[validation].astype("<i4").tobytes()).hexdigest()
    assert benchmark_of(*arguments)["shown_model"]["validation_predictions_sha256"] == digest
    predicted[validation[:1]] = 1 - predicted[validation[:1]]
    BaseModel.objects.update(predictions=pack_int32(predicted))
    assert benchmark_of(*arguments)["shown_model"]["validation_predictions_sha256"] != digest


def test_a_processor_has_the_name_that_the_system_gives_it(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: A Chip: 3\nmodel name\t: Another\n")
    assert processor(cpuinfo) == "A Chip: 3"
    cpuinfo.write_text("processor\t: 0\n")
    assert processor(cpuinfo) == processor(tmp_path / "missing") == (platform.processor() or "unknown")
