"""The data set of a parent's images and of those that were kept, of which only train grows, and what these are worth.

Heads are trained with the parent's images, with more images, and with the annotation's weights.

All are measured on the parent's test images, which no gathering changes; thresholds are those of the annotations.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import repeat, starmap
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.base.version import CODE_VERSION
from annotations.datasets.dataset_registration import register_dataset
from annotations.models import BaseModel, Dataset, GatheredTraining, Gathering, Pool
from annotations.models.pool import BASE, BOTH, GATHERED_CONTROL
from annotations.pools.review_outcomes import CANDIDATE, RANDOM
from annotations.queue import jobs
from clarify_errors.arrays.common.modeling_errors import ModelingError, SliceTooSmall
from clarify_errors.arrays.datasets.dataset_files import (
    DATASET_NAME,
    Split,
    dataset_directory,
    open_dataset,
    thumbnail_name,
)
from clarify_errors.arrays.datasets.importing.listed_images import ListedImage, ListedImages
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.row_files import Array, Described, assemble, in_blocks, rows_of
from clarify_errors.arrays.datasets.importing.storage import json_bytes
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.retraining.annotation import Annotation
from clarify_errors.arrays.retraining.control import control_weights
from clarify_errors.arrays.retraining.group_resampling import percentile_interval, resampled_accuracies
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.arrays.retraining.own_gain_intervals import own_gain_interval, paired_counts
from clarify_errors.arrays.retraining.slices import slice_membership, slice_weights, uniform_weights
from clarify_errors.tensors.retraining.many_heads import train_heads
from worker.benchmarks.paired_bootstrap import GroupedLabels
from worker.common import process_cache
from worker.common.library_versions import library_versions
from worker.datasets.dataset_import import thumbnail_key_secret
from worker.datasets.shown_images import read_original
from worker.pools.candidates import NothingToGather
from worker.queue.due_jobs import work_on_due

SUFFIX = "-gathered"
UNKNOWN = "not known"  # attribute of gathered images
_BATCH = 64

Kept = Sequence[Sequence[int]]  # pool row, label, number of reviewers


class CannotGrow(ModelingError):
    """The data set cannot be made; the message says why."""


def gathered_dataset(training: GatheredTraining) -> Dataset:
    """Make and register the data set of a training, `NAME-gathered`. Raises CannotGrow, BadDataset, StorageFailed."""
    gathering = training.gathering
    parent, pool = gathering.base_model.dataset, gathering.pool
    assert pool is not None and pool.dataset is not None, "a training is asked for once there are candidates"
    name = f"{parent.name}{SUFFIX}"
    if not DATASET_NAME.fullmatch(name):
        raise CannotGrow(f"{name} is too long to name a data set: import {parent.name} under a shorter name")
    kept = training.kept["candidate"]
    files, images, n = parent.files, pool.dataset.files, parent.files.n_rows
    source, digest = _source(parent, pool, kept), _digest(parent, pool.dataset, kept)
    rows = rows_of(source, thumbnail_key_secret(), digest)

    def place(folder: Path) -> None:
        for image, key in zip(source.images.select(), rows.keys.tolist(), strict=True):
            if image.pictured:
                of, row = (files, image.place) if image.place < n else (images, kept[image.place - n][0])
                to = folder / thumbnail_name(key.decode())
                to.parent.mkdir(parents=True, exist_ok=True)
                os.link(of.image_path(of.image_keys[row].decode()), to)

    directory = dataset_directory(settings.DATA_ROOT, name, digest)
    described = Described(name, digest, source.format, source.class_names, source.attribute_names)
    arrays = _arrays(gathering, kept, source.images.column("place", np.int64))
    return register_dataset(assemble(directory, described, rows, arrays, place))[0]


def _source(parent: Dataset, pool: Pool, kept: Kept) -> Source:
    """The parent's images and, after them, those that were kept, with where each comes from and who looked at it."""
    assert pool.dataset is not None, "the caller has looked"
    old, new, images = parent.files, pool.dataset.files, ListedImages()
    groups = () if old.attributes is None else (*parent.attribute_names, UNKNOWN)
    of_parent = zip(
        old.filenames,
        map(Split, old.splits.tolist()),
        old.labels.tolist(),
        repeat(None) if old.attributes is None else old.attributes.tolist(),
        range(old.n_rows),
        repeat({}),
        old.pictured.tolist(),
        strict=False,
    )
    for image in starmap(ListedImage, of_parent):
        images.add(image)
    group = len(groups) - 1 if groups else None
    for place, (row, label, reviewers) in enumerate(kept, old.n_rows):
        file = new.filenames[row]
        note = {**new.notes[row], "pool": pool.name, "file": file, "reviewers": reviewers}
        if images.add(ListedImage(f"gathered/{pool.name}/{file}", Split.TRAIN, label, group, place, note)):
            raise CannotGrow(f"{parent} already has the image {file} of {pool.name}")
    names = tuple(parent.class_names), tuple(groups)
    return Source(f"gathered for {parent} from {pool.name}", old.directory, images, *names)


def features_of(gathering: Gathering, kept: Kept, array: str) -> NDArray[np.float32]:
    """Embeddings of kept images as the parent's array has them, float32[m, d].

    Copied where the pool has them, computed by the parent's feature encoder otherwise. Raises CannotGrow,
    EncoderUnavailable, ImageRejected.
    """
    pool, parent = gathering.pool, gathering.base_model.dataset
    assert pool is not None and pool.dataset is not None, "the caller has looked"
    manifest, images = parent.files.manifest, pool.dataset.files
    picked = [row for row, _, _ in kept]
    if array == "similarity" or manifest.arrays[array] == manifest.arrays["similarity"]:
        return np.ascontiguousarray(images.array("similarity")[picked])
    if manifest.encoder_of(array) is None:
        raise CannotGrow(f"The features of {parent} came in a file, so gathered images have none")
    return _encoded(parent.feature_encoder, pool, images.directory, tuple(picked))


@lru_cache(maxsize=1)  # a training needs those of its candidates for the data set, and again for its heads
def _encoded(spec: str, pool: Pool, directory: Path, rows: tuple[int, ...]) -> NDArray[np.float32]:
    encoder, images = process_cache.encoder(spec), open_dataset(directory)
    blocks = [
        encoder.encode_images([read_original(pool, images, row) for row in rows[start : start + _BATCH]])
        for start in range(0, len(rows), _BATCH)
    ]
    found = np.concatenate([np.empty((0, encoder.dim), np.float32), *blocks])
    found.flags.writeable = False
    return found


def _arrays(gathering: Gathering, kept: Kept, order: NDArray[np.int64]) -> Mapping[str, Array]:
    files = gathering.base_model.dataset.files
    made, manifest = {}, files.manifest
    for name, entry in manifest.arrays.items():
        if name == "similarity" or entry != manifest.arrays["similarity"]:
            old, new = files.array(name), features_of(gathering, kept, name)
            made[name] = (_in_order(old, new, order), entry.dim, manifest.encoder_of(name))
    return made


def _in_order(
    old: NDArray[np.float32], new: NDArray[np.float32], order: NDArray[np.int64]
) -> Iterator[NDArray[np.float32]]:
    """Yield rows of two arrays as if the second one's came after those of the first, in blocks."""
    for some in in_blocks(len(order), old.shape[1]):
        wanted, block = order[some], np.empty((some.stop - some.start, old.shape[1]), np.float32)
        is_old = wanted < len(old)
        block[is_old], block[~is_old] = old[wanted[is_old]], new[wanted[~is_old] - len(old)]
        yield block


def _digest(parent: Dataset, pool: Dataset, kept: Kept) -> str:
    names = pool.files.filenames
    gathered = [[names[row], label, n_reviewers] for row, label, n_reviewers in kept]
    return sha256(json_bytes({"parent": parent.digest, "pool": pool.digest, "gathered": gathered})).hexdigest()


CONTROL, REWEIGHTED = "control", "reweighting"
GATHERED, AT_RANDOM = "gathered data", "random pool images"
# What the others are compared with: the base model where images are added, else a model that has the same images; of
# reweighted ones, the control that also has the same class weights.
COMPARED_WITH = {REWEIGHTED: CONTROL, GATHERED_CONTROL: GATHERED, BOTH: GATHERED_CONTROL}
MEASURES = ("worst_group", "average", "minority")


@dataclass(frozen=True, eq=False)
class _Training:
    """n training images: features float32[n, d] as stored, similarity rows float32[n, d'], labels int32[n].

    scheme: the study's, of weights.
    """

    features: NDArray[np.float32]
    similarity: NDArray[np.float32]
    labels: NDArray[np.int32]
    n_added: int
    scheme: str

    def heads(self, names: tuple[str, ...], weights: Sequence[NDArray[np.float64]], l2: float) -> list[Head]:
        """A head for each of some loss weights, float64[n]; standardised by these images alone."""
        standardization = Standardization.fit(self.features)
        trained = train_heads(
            standardization.apply(self.features),
            self.labels,
            np.stack(weights, axis=1),
            l2,
            n_classes=len(names),
            device=process_cache.device(),
        )
        pairs = zip(trained.coef, trained.intercept, strict=True)
        return [Head.of(coef, intercept, standardization, names) for coef, intercept in pairs]

    def reweighted(self, annotations: Sequence[Annotation]) -> NDArray[np.float64]:
        """Loss weights that balance the annotations' slices. Raises SliceTooSmall."""
        above = np.zeros(len(self.labels), np.bool_)
        for each in annotations:
            above |= each.members(self.similarity, np.arange(len(self.labels)), self.labels)
        classes = [each.target_class for each in annotations]
        membership = slice_membership(above, self.labels, classes, settings.MIN_SLICE_SIZE)
        return slice_weights(self.labels, membership, self.scheme)


def train_due_gathered() -> int:
    """Make the data set of every training that is due, and train; return how many ended. Raises OperationalError."""
    return work_on_due(GatheredTraining, _train)


def _train(training: GatheredTraining) -> None:
    jobs.beat(training, phase="making the data set")
    dataset = gathered_dataset(training)
    jobs.beat(training, phase="training", dataset=dataset)
    table = effects(training)
    jobs.finish(
        training, phase="", dataset=dataset, table=table, versions=library_versions(), code_version=CODE_VERSION
    )


def effects(training: GatheredTraining) -> list[dict[str, Any]]:
    """Train all heads of a training and measure them: a row for each, in JSON; the same again gives the same.

    Raises NothingToGather, BadDataset, BadArray, NotConverged, CannotGrow.
    """
    gathering = training.gathering
    base_model = gathering.base_model
    annotations = [part.annotation for part in gathering.parts.select_related("score")]
    if not annotations:
        raise NothingToGather("The author of the phrase withdrew. Choose another phrase")
    kept: Kept = training.kept[CANDIDATE]
    at_random: Kept = training.kept[RANDOM][: len(kept)]
    parent = _with(gathering, [])
    rows = _rows(parent, annotations, base_model, (BASE, CONTROL, REWEIGHTED))
    rows += _rows(_with(gathering, kept), annotations, base_model, (GATHERED, GATHERED_CONTROL, BOTH))
    if at_random:
        rows += _rows(_with(gathering, at_random), annotations, base_model, (AT_RANDOM,))
    spent = {name: training.minutes.get(CANDIDATE, 0.0) for name in (GATHERED, GATHERED_CONTROL, BOTH)}
    spent[AT_RANDOM] = training.minutes.get(RANDOM, 0.0) * len(at_random) / max(len(training.kept[RANDOM]), 1)
    return _measured(base_model.dataset, annotations, rows, spent)


def _with(gathering: Gathering, kept: Kept) -> _Training:
    files = gathering.base_model.dataset.files
    train = files.rows(Split.TRAIN)
    new = np.array([label for _, label, _ in kept], np.int32)

    def joined(array: str) -> NDArray[np.float32]:
        rows = files.array(array)[train]
        return np.concatenate([rows, features_of(gathering, kept, array)]) if kept else rows

    labels, scheme = np.concatenate([files.labels[train], new]), gathering.study.scheme
    return _Training(joined("features"), joined("similarity"), labels, len(kept), scheme)


def _rows(
    training: _Training, annotations: Sequence[Annotation], base_model: BaseModel, names: Sequence[str]
) -> list[tuple[str, int, Head | None, str]]:
    """Name, images added, head, and why there is none."""
    weights: dict[str, NDArray[np.float64]] = {}
    reasons = {}
    for name in names:
        try:
            weights[name] = _weights(training, annotations, name)
        except SliceTooSmall as error:
            reasons[name] = str(error)
    heads = training.heads(tuple(base_model.dataset.class_names), list(weights.values()), base_model.l2)
    of = dict(zip(weights, heads, strict=True))
    return [(name, training.n_added, of.get(name), reasons.get(name, "")) for name in names]


def _weights(training: _Training, annotations: Sequence[Annotation], name: str) -> NDArray[np.float64]:
    if name in (REWEIGHTED, BOTH):
        return training.reweighted(annotations)
    if name in (CONTROL, GATHERED_CONTROL):
        return control_weights(training.labels, [each.target_class for each in annotations], training.scheme)
    return uniform_weights(len(training.labels))


def _measured(
    dataset: Dataset,
    annotations: Sequence[Annotation],
    rows: Sequence[tuple[str, int, Head | None, str]],
    minutes: dict[str, float],
) -> list[dict[str, Any]]:
    files = dataset.files
    test, images = files.rows(Split.TEST), GroupedLabels.of(dataset)
    labels = images.labels
    weights = images.train_counts[np.unique(images.groups)]
    minority = np.zeros(len(test), np.bool_)
    for each in annotations:
        minority |= each.members(files.array("similarity"), test, labels)
    features = files.array("features")[test]
    heads = [head for _, _, head, _ in rows if head is not None]
    right = np.stack([head.predict(features) == labels for head in heads])
    whole = _accuracies(right, images.groups)
    shares = {
        "worst_group": [of.min(axis=2) for of in whole],
        "average": [np.average(of, axis=2, weights=weights if weights.any() else None) for of in whole],
    }
    if minority.any():
        shares["minority"] = [of.mean(axis=2) for of in _accuracies(right[:, minority], labels[minority])]
    places = {name: place for place, name in enumerate(name for name, _, head, _ in rows if head is not None)}
    found = []
    for name, n_added, head, reason in rows:
        other = COMPARED_WITH.get(name, BASE)
        line: dict[str, Any] = {"name": name, "n_added": n_added, "reason": reason, "compared_with": other}
        line["minutes"] = minutes.get(name)
        if head is not None:
            place, of = places[name], places[other]
            for measure, (exact, drawn) in shares.items():
                line[measure] = [float(exact[place, 0]), *percentile_interval(drawn[place])]
                gain = float(exact[place, 0] - exact[of, 0]), *percentile_interval(drawn[place] - drawn[of])
                line[f"{measure}_gain"] = [*gain]
            if place != of:  # no percentiles: a worst group is a minimum
                interval = own_gain_interval(paired_counts(right[place], right[of], images.groups))
                line["worst_group_gain"][1:] = [interval.low, interval.high]
        found.append(line)
    return found


def _accuracies(right: NDArray[np.bool_], groups: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accuracies of k heads by group, float64[k, 1, G], and of resamples, float64[k, resamples, G]."""
    exact = [right[:, groups == group].mean(axis=1) for group in np.unique(groups)]
    return np.stack(exact, axis=1)[:, None], resampled_accuracies(right, groups)
