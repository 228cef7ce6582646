"""A study of very many classes, a task each, as of a data set like ImageNet: small images' embeddings alone."""

import hashlib
import json
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from annotations.analysis.observations.person_tasks import Tried
from annotations.models import BaseModel, BaseModelOrigin, Dataset, Run, Score, Study, Task
from annotations.models.arrays import pack_float32, pack_int32
from annotations.studies import lifecycle
from clarify_errors.arrays.datasets.dataset_files import (
    FILENAMES,
    IMAGE_KEYS,
    LABELS,
    MANIFEST,
    SPLITS,
    ArrayEntry,
    Manifest,
    Split,
    counts_by_split,
    dataset_directory,
    file_sha256,
    thumbnails_sha256,
)
from tests.support import actors
from tests.support.analysis_studies import N_VALIDATION, tell
from tests.support.fake_encoder import FakeEncoder

_SPLITS = (*[Split.TRAIN] * 2, *[Split.VALIDATION] * N_VALIDATION, *[Split.TEST] * 2)  # of each class
_WORDS = ("red", "dark", "wet", "far away", "blurred")


def study_of_many_classes(n_classes: int, n_people: int = 5) -> Study:
    """A study, its configuration frozen, in which everybody said one thing of every class.

    The model is wrong on half of the images.
    """
    dataset = actors.store_dataset(_write(Path(settings.DATA_ROOT), n_classes))
    base_model = _base_model(dataset, n_classes)
    study = Study.objects.create(slug="many", title="The many study", completion_code="C0DE4321")
    Task.objects.bulk_create(
        Task(study=study, base_model=base_model, target_class=label, position=label + 1) for label in range(n_classes)
    )
    lifecycle.freeze(study)
    tell(study, (_said(task, person) for person in range(n_people) for task in range(1, n_classes + 1)))
    _select()
    Run.objects.update(test_predictions=pack_int32(np.zeros(2 * n_classes, np.int32)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the database does by itself, a while after so many rows came
    return study


def _said(task: int, person: int) -> Tried:
    text = _WORDS[(task + person) % len(_WORDS)]
    return Tried(task, f"p{person}", text, 0.3 + person / 10, 0.5, N_VALIDATION // 2, N_VALIDATION // 2, 1)


def _select() -> None:
    """Let the scores select images at random, each in its own way."""
    scores = list(Score.objects.order_by("pk").only("pk"))
    rng = np.random.default_rng(3)
    for score in scores:
        score.similarities = pack_float32(rng.uniform(-0.5, 0.7, N_VALIDATION))
    Score.objects.bulk_update(scores, ["similarities"], batch_size=1_000)


def _write(data_root: Path, n_classes: int) -> Path:
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(n_classes, dtype=np.int32), len(_SPLITS))
    splits = np.tile(np.array(_SPLITS, np.int8), n_classes)
    rows = rng.standard_normal((len(labels), FakeEncoder.dim), dtype=np.float32)
    embeddings: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    keys = [hashlib.sha256(f"many/{i}".encode()).hexdigest()[:24] for i in range(len(labels))]
    digest = hashlib.sha256(embeddings.tobytes()).hexdigest()
    directory = dataset_directory(data_root, "many-classes", digest)
    directory.mkdir(parents=True, exist_ok=True)
    np.save(directory / LABELS, labels)
    np.save(directory / SPLITS, splits)
    np.save(directory / IMAGE_KEYS, np.array(keys, "S24"))
    np.save(directory / "similarity.npy", embeddings)
    (directory / FILENAMES).write_text(json.dumps([f"{key}.png" for key in keys]))
    entry = ArrayEntry(
        "similarity.npy", FakeEncoder.dim, file_sha256(directory / "similarity.npy"), encoder="fake", supplied=None
    )
    counts = counts_by_split(labels, splits, None, n_classes, 0)
    manifest = Manifest(
        format=1,
        name="many-classes",
        digest=digest,
        source_format="imagefolder",
        class_names=tuple(f"class {label}" for label in range(n_classes)),
        attribute_names=(),
        n_rows=len(labels),
        arrays={"similarity": entry, "features": entry},
        encoders={"fake": {"spec": actors.ENCODER, "name": FakeEncoder.name, "preprocessing": "none", "versions": {}}},
        split_counts={split: sum(groups) for split, groups in counts.items()},
        group_counts=counts,
        report={"listed": len(labels), "imported": len(labels), "left_out": {}},
        files={name: file_sha256(directory / name) for name in (LABELS, SPLITS, IMAGE_KEYS, FILENAMES)},
        thumbnails_sha256=thumbnails_sha256(directory, []),
    )
    (directory / MANIFEST).write_text(manifest.to_json())
    return directory


def _base_model(dataset: Dataset, n_classes: int) -> BaseModel:
    labels = dataset.files.labels
    predictions = np.where(np.arange(len(labels)) % 2 == 0, labels, (labels + 1) % n_classes).astype(np.int32)
    predictions[dataset.files.splits == Split.TRAIN] = BaseModel.NO_PREDICTION
    half = {"worst_group": 0.5, "average": 0.5, "average_plain": 0.5, "gap": 0.0}
    return BaseModel.objects.create(
        dataset=dataset,
        name="half right",
        origin=BaseModelOrigin.IMPORTED,
        l2=0.01,
        predictions=pack_int32(predictions),
        validation_accuracies=[0.5] * n_classes,
        test_metrics={**half, "accuracies": [0.5] * n_classes, "counts": [2] * n_classes},
    )
