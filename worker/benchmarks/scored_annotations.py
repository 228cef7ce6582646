"""Annotations (class, phrase, τ) of a benchmark: read from the command line, scored, and cut into slices."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, Dataset
from annotations.phrases.scoring import stored_embeddings
from clarify_errors.arrays.common.modeling_errors import ModelingError, NothingToSeparate
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles
from clarify_errors.arrays.phrases.error_score import ErrorScore
from clarify_errors.arrays.phrases.phrase_reading import read_phrase
from clarify_errors.arrays.phrases.phrase_text import normalise, refusal
from clarify_errors.arrays.retraining.annotation import Annotation
from worker.common import process_cache
from worker.datasets.head_training import ClassSlices
from worker.phrases.scoring import score_on


class BadAnnotation(ModelingError):
    """An annotation is not of the form class:phrase[:threshold], or its class is none that can be annotated."""


@dataclass(frozen=True)
class Asked:
    """What is said of one annotation. threshold: None for the automatic one; sign: None for that of the phrase."""

    target_class: int
    phrase: str
    threshold: float | None
    sign: int | None = None


@dataclass(frozen=True, eq=False)
class ScoredAnnotation:
    """A phrase on a class, with its error score under one base model.

    text: what the phrase says, without sentence and negation, in the template, as embedded; embedding: float32[d],
    unit; sign: -1 for a negation, otherwise 1: an image is above τ iff sign * similarity > τ; measured: on validation
    images; threshold: τ, None where the score is 0; chosen: τ was given;
    participant: a pseudonym, empty where the command line gave the annotation.
    """

    target_class: int
    phrase: str
    template: str
    text: str
    embedding: NDArray[np.float32]
    sign: int
    measured: ErrorScore
    threshold: float | None
    chosen: bool = False
    participant: str = ""

    @property
    def text_digest(self) -> str:
        """SHA-256 of the embedding's bytes, as a stored score has it."""
        return hashlib.sha256(self.embedding.astype("<f4").tobytes()).hexdigest()

    @property
    def annotation(self) -> Annotation | None:
        """What training uses; None without a τ."""
        if self.threshold is None:
            return None
        return Annotation(self.target_class, self.embedding, self.sign, self.threshold)

    def members(self, files: DatasetFiles, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the rows are of the class and above τ: bool[m], all False without a τ."""
        if self.annotation is None:
            return np.zeros(len(rows), np.bool_)
        return self.annotation.members(files.array("similarity"), rows, files.labels[rows])


@dataclass(frozen=True, eq=False)
class AnnotationSource:
    """What a row of a benchmark is told.

    sets: one annotation or several, one a class, under the empty name; is_people: those of each participant instead,
    by pseudonym.
    """

    name: str
    sets: Mapping[str, tuple[ScoredAnnotation, ...]]
    is_people: bool = False


def read_annotation(text: str, class_names: Sequence[str]) -> Asked:
    """Read `class:phrase[:threshold]`. Raises BadAnnotation.

    class: a name, or a number from 0 where no class has that name; threshold: what follows the last colon where that
    is a number or nothing, so that a phrase which ends in a colon and a number is followed by one more colon.

    >>> read_annotation("square:red", ["square", "oval"])
    Asked(target_class=0, phrase='red', threshold=None, sign=None)
    >>> read_annotation("1:bright red:0.25", ["square", "oval"]).threshold
    0.25
    """
    name, _, rest = text.partition(":")
    phrase, threshold = _split_threshold(rest)
    if not name or refusal(phrase):
        raise BadAnnotation(f"{text!r} is not an annotation. Write class:phrase or class:phrase:threshold")
    return Asked(_label(name.strip(), class_names), normalise(phrase), threshold)


def score_annotation(base_model: BaseModel, asked: Asked, template: str) -> ScoredAnnotation:
    """Score a phrase on the validation images of its class, as a participant's is.

    A text that was scored on the data set before keeps its stored embedding, so that it has the same similarities here.
    Raises EncoderUnavailable, BadTemplate, BadAnnotation where there are no errors to describe, or only errors.
    """
    dataset, images = base_model.dataset, class_images(base_model, asked.target_class)
    said = read_phrase(asked.phrase, template)
    said = said if asked.sign is None else replace(said, sign=asked.sign)
    embedding = stored_embeddings(dataset, {said.text}).get(said.text)
    if embedding is None:
        process_cache.text_encoder(dataset)  # refuses an encoder whose weights have changed
        embedding = process_cache.text_embedding(dataset.similarity_encoder, said.text)
    try:
        _, score = score_on(dataset, said, embedding, images.rows, images.is_error)
    except NothingToSeparate as error:
        name = dataset.class_names[asked.target_class]
        raise BadAnnotation(f"“{asked.phrase}” cannot be scored on class {name}: {error}. Leave it out") from error
    return ScoredAnnotation(
        target_class=asked.target_class,
        phrase=asked.phrase,
        template=template,
        text=said.text,
        embedding=embedding,
        sign=said.sign,
        measured=score,
        threshold=score.threshold if asked.threshold is None else asked.threshold,
        chosen=asked.threshold is not None,
    )


def best_of_each_class(annotations: Iterable[ScoredAnnotation]) -> tuple[ScoredAnnotation, ...]:
    """The annotation with the highest error score of each class, the earliest of tied ones, in the order of labels."""
    best: dict[int, ScoredAnnotation] = {}
    for annotation in annotations:
        known = best.get(annotation.target_class)
        if known is None or annotation.measured.value > known.measured.value:
            best[annotation.target_class] = annotation
    return tuple(best[label] for label in sorted(best))


def _split_threshold(text: str) -> tuple[str, float | None]:
    phrase, colon, last = text.rpartition(":")
    if colon and not last.strip():
        return phrase, None
    try:
        threshold = float(np.float32(last)) if colon else math.nan
    except ValueError:
        threshold = math.nan
    return (phrase, threshold) if math.isfinite(threshold) else (text, None)


def _label(name: str, class_names: Sequence[str]) -> int:
    if name in class_names:
        return class_names.index(name)
    if name.isdecimal() and int(name) < len(class_names):
        return int(name)
    raise BadAnnotation(f"there is no class {name!r}. Known classes: {', '.join(class_names)}")


@dataclass(frozen=True, eq=False)
class Cut:
    """An annotation, and how it cuts its class's training images."""

    said: ScoredAnnotation
    annotation: Annotation
    slices: ClassSlices


def cut_classes(
    dataset: Dataset, said: Iterable[ScoredAnnotation], least: int
) -> tuple[list[Cut], list[tuple[ScoredAnnotation, str]]]:
    """Cut the training images of each class, of annotations that have a τ and no slice below the least size.

    Return also the other annotations, each with the reason. Raises BadDataset, BadArray.
    """
    cuts: list[Cut] = []
    without: list[tuple[ScoredAnnotation, str]] = []
    for each in said:
        if each.annotation is None:
            without.append((each, "its error score is 0, so it has no similarity threshold"))
            continue
        of = ClassSlices.of(each.annotation, dataset)
        if min(of.n_above, of.n_below) >= least:
            cuts.append(Cut(each, each.annotation, of))
        else:
            sizes = f"its slices have {of.n_above} and {of.n_below} train images"
            without.append((each, f"{sizes}, but each needs at least {least}"))
    return cuts, without
