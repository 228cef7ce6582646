"""What a worker process keeps in memory: encoders, and the training images of the data set it trains on."""

import logging
import time
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import torch
from django.db.models import Q
from numpy.typing import NDArray
from safetensors import SafetensorError

from annotations.models import OPEN_STATES, BaseModel, Dataset
from clarify_errors.arrays.common.modeling_errors import BadWarmStart
from clarify_errors.arrays.datasets.dataset_files import BadDataset, Split
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.embeddings.training_features import standardized
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.tensors.encoders import CheckedEncoder, EncoderUnavailable, load_encoder
from clarify_errors.tensors.retraining.frozen_logits import FreeRows, free_rows
from clarify_errors.tensors.retraining.warm_start import WarmStart, prepare_start
from worker.common.throttled_log import log_error_throttled

WARM_STARTS = "warm-starts"  # folder in a data set's directory
RETRY_AFTER_S = 60.0  # an encoder that could not be loaded is not tried again before

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingSet:
    """The n training images of a data set, ready for a last layer.

    rows: int64[n] in the data set; features: float32[n, d], standardised; labels: int32[n].
    """

    rows: NDArray[np.int64]
    features: NDArray[np.float32]
    labels: NDArray[np.int32]
    standardization: Standardization


failures: dict[str, tuple[EncoderUnavailable, float]] = {}  # by spec: what was raised, and until when it is again


def encoder(spec: str) -> CheckedEncoder:
    """Return the encoder of a spec, loaded once per process.

    Raises EncoderUnavailable; for the next RETRY_AFTER_S it does so without trying again.
    """
    failed, until = failures.get(spec, (None, 0.0))
    if failed is not None and time.monotonic() < until:
        raise failed
    try:
        return _encoder(spec)
    except EncoderUnavailable as error:
        failures[spec] = error, time.monotonic() + RETRY_AFTER_S
        raise


def text_encoder(dataset: Dataset) -> CheckedEncoder:
    """Return the encoder whose texts belong to the data set's images.

    Raises EncoderUnavailable where it cannot be loaded or has other weights now, BadDataset for damaged files. What
    is wrong stands with the data set, for the pages of its studies, until it is right again.
    """
    try:
        loaded = _fitting_encoder(dataset)
    except (EncoderUnavailable, BadDataset) as error:
        _tell(dataset, str(error))
        raise
    _tell(dataset, "")
    return loaded


def _tell(dataset: Dataset, problem: str) -> None:
    if dataset.problem != problem:
        Dataset.objects.filter(pk=dataset.pk).update(problem=problem)
        dataset.problem = problem


def _fitting_encoder(dataset: Dataset) -> CheckedEncoder:
    spec = dataset.similarity_encoder
    loaded = encoder(spec)
    imported_with = (dataset.files.manifest.encoder_of("similarity") or {}).get("weights_sha256")
    if imported_with != weights_digest(spec):
        raise EncoderUnavailable(
            f"the images of {dataset} were embedded with other weights than {spec} has now. Restore the old "
            "weights, or import the data set again"
        )
    return loaded


@lru_cache(maxsize=4096)
def text_embedding(spec: str, text: str) -> NDArray[np.float32]:
    """Return the embedding of one text, float32[d], computed once per process. Raises as `encoder` does."""
    embedding: NDArray[np.float32] = encoder(spec).encode_texts([text])[0]
    return embedding


@lru_cache(maxsize=1)  # the largest thing in memory, and batches come by data set
def training_set(dataset: Dataset) -> TrainingSet:
    """Return the data set's training images, standardised by their own statistics; large ones lie in a mapped file.

    Raises BadDataset, BadArray, NoRoom.
    """
    files = dataset.files
    rows = files.rows(Split.TRAIN)
    features, standardization = standardized(files.array("features"), rows, files.directory)
    features.flags.writeable = False  # so that a GPU keeps them
    return TrainingSet(rows, features, files.labels[rows], standardization)


@lru_cache(maxsize=1)  # it keeps what is made of the training set
def warm_start(dataset: Dataset, l2: float) -> WarmStart:
    """Return what all heads of the data set start from with this λ: the one-off part of retraining.

    It is read from the data set's directory, or made and kept there. Raises as `training_set` does.
    """
    path = dataset.files.directory / WARM_STARTS / f"{l2!r}.safetensors"
    training = training_set(dataset)
    try:
        return WarmStart.load(path).caching(training.features, training.labels, device())
    except FileNotFoundError:
        pass  # nobody has trained on it with this λ
    except BadWarmStart as error:
        logger.warning("%s; it is computed again", error)
    start = prepare_start(training.features, training.labels, l2, len(dataset.class_names), device())
    _keep(start, path)
    return start


@lru_cache(maxsize=1)  # runs and random slices of one class come together
def some_rows(base_model: BaseModel, rows: tuple[int, ...]) -> FreeRows:
    """Return some rows of a base model's head, and what the others say of the training images.

    Raises as `training_set` does.
    """
    assert base_model.head is not None, "rows of a head that is not known cannot be trained alone"
    training, head = training_set(base_model.dataset), Head.from_bytes(bytes(base_model.head))
    of_head = head.coef, head.intercept
    return free_rows(training.features, training.labels, base_model.l2, of_head, rows, device())


def device() -> str:
    """Where last layers are trained: a GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def preload() -> None:
    """Load the encoders of the studies that are open, and what was missing; embed one text with each.

    What is still missing is logged, and stands with its data set.
    """
    in_use = Dataset.objects.filter(Q(base_models__tasks__study__state__in=OPEN_STATES) | ~Q(problem=""))
    for dataset in in_use.distinct():
        try:
            text_encoder(dataset).encode_texts(["a"])
        except (EncoderUnavailable, BadDataset) as error:
            log_error_throttled(f"phrases on {dataset} are on hold: {error}")


def _keep(start: WarmStart, path: Path) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        start.save(path)
    except (OSError, SafetensorError) as error:
        log_error_throttled(f"{path} cannot be written, so each worker computes it again: {error}")


@cache
def _encoder(spec: str) -> CheckedEncoder:
    return load_encoder(spec)


@cache
def weights_digest(spec: str) -> str | None:
    """Return the SHA-256 of an encoder's weights, None where it has none. Raises as `encoder` does."""
    return _encoder(spec).description.get("weights_sha256")
