"""Who and what the tests are about: a small data set of sprites, a study on it, and two people in it."""

import copy
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from django.conf import settings
from django.test import Client
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from annotations.log import audit
from annotations.models import (
    AnnotationSession,
    Assignment,
    BaseModel,
    BaseModelOrigin,
    Dataset,
    Participant,
    Study,
    Task,
)
from annotations.models.arrays import pack_int32
from annotations.phrases import assignments
from annotations.studies import lifecycle
from annotations.visits import check_answers as comprehension
from annotations.visits import sessions
from annotations.visits import tutorial_steps as tutorial
from annotations.visits.check_questions import QUESTIONS, option_order
from annotations.visits.tutorial_example import N_RIGHT
from clarify_errors.arrays.datasets.dataset_files import (
    ATTRIBUTES,
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
    open_dataset,
    thumbnail_name,
    thumbnails_sha256,
)
from clarify_errors.arrays.datasets.groups import group_ids
from clarify_errors.arrays.retraining.group_accuracies import group_metrics
from tests.support.fake_encoder import FakeEncoder

ENCODER = "python:tests.support.fake_encoder"
RIGHT_ANSWERS = {question.name: question.right for question in QUESTIONS}  # of the comprehension check
WRONG_ANSWERS = {question.name: question.options[-1][0] for question in QUESTIONS}
WRONG_TRIES = WRONG_ANSWERS, {question.name: question.options[-2][0] for question in QUESTIONS}
SQUARE, OVAL = 0, 1  # labels
BLUE, RED = 0, 1  # attributes
CLASSES, COLOURS = ("square", "oval"), ("blue", "red")

Counts = Mapping[tuple[int, int], tuple[int, int, int]]
Draw = Callable[[int, int, np.random.Generator], Image.Image]
# Images in train, validation and test, by label and colour. In train squares are mostly blue and ovals mostly red.
COUNTS: Counts = {
    (SQUARE, BLUE): (40, 12, 12),
    (SQUARE, RED): (10, 12, 12),
    (OVAL, BLUE): (10, 12, 12),
    (OVAL, RED): (40, 12, 12),
}
# The base model goes by colour; of each class it gets this share of the images in the other class's colour right.
_RIGHT_AGAINST_COLOUR = {SQUARE: 0.25, OVAL: 0.5}


@dataclass(frozen=True)
class Visit:
    """One person's visit: the outside ids of the link, the rows, and a browser that holds the session's cookie."""

    session: AnnotationSession
    assignment: Assignment
    client: Client
    external_ids: Mapping[str, str]

    @property
    def participant(self) -> Participant:
        return self.session.participant


def sprite(label: int, colour: int, rng: np.random.Generator) -> Image.Image:
    """A 16 by 16 image of one shape on a grey background, its edges and colours a little unlike any other's."""
    grey = int(rng.integers(90, 166))
    main = int(rng.integers(170, 256))
    rest = [int(value) for value in rng.integers(20, 80, 2)]
    fill = (main, *rest) if colour == RED else (*rest, main)
    image = Image.new("RGB", (16, 16), (grey, grey, grey))
    pen = ImageDraw.Draw(image)
    edge = int(rng.integers(1, 3))
    box = (edge, edge, 15 - edge, 15 - edge)
    if label == SQUARE:
        pen.rectangle(box, fill=fill)
    else:
        pen.ellipse(box, fill=fill)
    return image


def write_sprites(data_root: Path, seed: int = 1, *, counts: Counts = COUNTS, draw: Draw = sprite) -> Path:
    """Write the data set directory of 196 small sprites; return it. The same seed gives the same bytes."""
    rng = np.random.default_rng(seed)
    rows = sorted(
        (label, split, f"{CLASSES[label]}-{COLOURS[colour]}-{split.word}-{i:02}.png", colour)
        for (label, colour), by_split in counts.items()
        for split, count in zip(Split, by_split, strict=True)
        for i in range(count)
    )
    labels = np.array([row[0] for row in rows], np.int32)
    splits = np.array([row[1] for row in rows], np.int8)
    attributes = np.array([row[3] for row in rows], np.int32)
    images = [draw(label, colour, rng) for label, _, _, colour in rows]
    keys = [hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()[:24] for _, _, name, _ in rows]
    embeddings = FakeEncoder().encode_images(images)
    digest = hashlib.sha256(embeddings.tobytes()).hexdigest()
    directory = dataset_directory(data_root, "sprites-like", digest)
    directory.mkdir(parents=True, exist_ok=True)
    for key, image in zip(keys, images, strict=True):
        path = directory / thumbnail_name(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        image.resize((64, 64)).save(path, "WEBP", lossless=True)
    arrays: dict[str, NDArray[Any]] = {
        LABELS: labels,
        SPLITS: splits,
        ATTRIBUTES: attributes,
        IMAGE_KEYS: np.array(keys, "S24"),
        "similarity.npy": embeddings,
    }
    for file, array in arrays.items():
        np.save(directory / file, array)
    (directory / FILENAMES).write_text(json.dumps([row[2] for row in rows]))
    group_counts = counts_by_split(labels, splits, attributes, len(CLASSES), len(COLOURS))
    entry = ArrayEntry(
        "similarity.npy", FakeEncoder.dim, file_sha256(directory / "similarity.npy"), encoder="fake", supplied=None
    )
    manifest = Manifest(
        format=1,
        name="sprites-like",
        digest=digest,
        source_format="imagefolder",
        class_names=CLASSES,
        attribute_names=COLOURS,
        n_rows=len(rows),
        arrays={"similarity": entry, "features": entry},
        encoders={"fake": {"spec": ENCODER, "name": FakeEncoder.name, "preprocessing": "none", "versions": {}}},
        split_counts={split: sum(groups) for split, groups in group_counts.items()},
        group_counts=group_counts,
        report={"listed": len(rows), "imported": len(rows), "left_out": {}},
        files={name: file_sha256(directory / name) for name in (LABELS, SPLITS, ATTRIBUTES, IMAGE_KEYS, FILENAMES)},
        thumbnails_sha256=thumbnails_sha256(directory, [key.encode() for key in keys]),
    )
    (directory / MANIFEST).write_text(manifest.to_json())
    return directory


def store_dataset(directory: Path) -> Dataset:
    """The row of the data set in `directory`."""
    manifest = open_dataset(directory).manifest
    return Dataset.objects.create(
        name=manifest.name,
        version=1,
        digest=manifest.digest,
        directory=str(directory.relative_to(settings.DATA_ROOT)),
        class_names=list(manifest.class_names),
        attribute_names=list(manifest.attribute_names),
        similarity_encoder=ENCODER,
        feature_encoder=ENCODER,
        counts=dict(manifest.split_counts),
    )


def store_base_model(dataset: Dataset, name: str = "by colour") -> BaseModel:
    """A base model that goes by colour: most red squares are ovals to it, and half of the blue ovals squares."""
    files = dataset.files
    predictions = _by_colour(files.labels, files.attributes)
    predictions[files.splits == Split.TRAIN] = BaseModel.NO_PREDICTION
    validation, test = files.splits == Split.VALIDATION, files.splits == Split.TEST
    right = predictions == files.labels
    metrics = group_metrics(
        predictions[test],
        files.labels[test],
        group_ids(files.labels, files.attributes, len(COLOURS))[test],
        files.train_group_counts,
    )
    return BaseModel.objects.create(
        dataset=dataset,
        name=name,
        origin=BaseModelOrigin.IMPORTED,
        l2=0.01,
        predictions=pack_int32(predictions),
        validation_accuracies=[float(right[validation & (files.labels == c)].mean()) for c in (SQUARE, OVAL)],
        test_metrics=asdict(metrics),
    )


def create_study(base_model: BaseModel, slug: str = "sprites", **fields: Any) -> Study:
    """A draft with one task: find out what goes wrong with squares.

    Its rows are those of `lifecycle.create_study`, which asks the database fifty times what a form may have wrong.
    """
    study = Study.objects.create(slug=slug, title=f"The {slug} study", completion_code="C0DE1234", **fields)
    Task.objects.create(study=study, base_model=base_model, target_class=SQUARE)
    audit.record("study_created", study, by=audit.SYSTEM)
    return study


def open_study(study: Study) -> Study:
    """The study once it is open, with a frozen configuration.

    What may keep one from opening is not asked: that takes as long as all the rest.
    """
    with mock.patch.object(lifecycle, "blocking", return_value=[]):
        return lifecycle.open_study(study, without_rehearsal=True)


def start_visit(study: Study, name: str) -> Visit:
    """`name` came by the study's link, consented, did the tutorial, passed the check, and began the first task."""
    external_ids = {
        "PROLIFIC_PID": f"{name}-person",
        "STUDY_ID": f"{study.slug}-outside",
        "SESSION_ID": f"{name}-visit",
    }
    session = sessions.enter(
        study,
        participant_id=external_ids["PROLIFIC_PID"],
        study_id=external_ids["STUDY_ID"],
        session_id=external_ids["SESSION_ID"],
    )
    sessions.give_consent(session)
    session = pass_check(do_tutorial(session))
    assignment = assignments.start(session.assignments.order_by("position")[0])
    return Visit(session, assignment, client_of(session), external_ids)


def again(visit: Visit, study: Study | None = None) -> Visit:
    """The visit as its rows are now, in a browser of its own, for a test of a module that stored it once.

    study: the object that its session shall have.
    """
    client = Client()
    client.cookies = copy.deepcopy(visit.client.cookies)
    session = AnnotationSession.objects.select_related("study", "participant").get(pk=visit.session.pk)
    session.study = study or session.study
    return Visit(session, Assignment.objects.get(pk=visit.assignment.pk), client, visit.external_ids)


def restart_clock(assignment: Assignment) -> None:
    """Let an assignment have begun just now."""
    assert assignment.started_at is not None
    gone = timezone.now() - assignment.started_at
    times = {name: getattr(assignment, name) for name in ("started_at", "first_deadline_at", "deadline_at")}
    for name, at in times.items():
        setattr(assignment, name, at and at + gone)
    assignment.save(update_fields=times)


def do_tutorial(session: AnnotationSession) -> AnnotationSession:
    """The example, done by hand, and the step after it."""
    practise(session, "stripes", "large stripes")
    return sessions.finish_tutorial(session)


def practise(session: AnnotationSession, *texts: str) -> None:
    """A wrong picture was found in the tutorial, and phrases were tried."""
    tutorial.look(session, N_RIGHT)
    for text in texts:
        tutorial.try_phrase(session, client_uuid=uuid.uuid4(), text=text)


def pass_check(session: AnnotationSession) -> AnnotationSession:
    """The comprehension check, right at the first try."""
    comprehension.answer(session, client_uuid=uuid.uuid4(), answers=RIGHT_ANSWERS)
    return session


def as_numbered(session: AnnotationSession, answers: Mapping[str, str]) -> dict[str, str]:
    """Answers to the check as its form sends them: each option by its place in the visit's own order."""
    return {
        question.name: str(option_order(session.seed, question).index(answers[question.name]) + 1)
        for question in QUESTIONS
        if question.name in answers
    }


def client_of(session: AnnotationSession) -> Client:
    """A browser that is in this session."""
    client = Client()
    cookie = client.session
    cookie["annotation_session"] = session.pk
    cookie.save()
    return client


def _by_colour(labels: NDArray[np.int32], attributes: NDArray[np.int32] | None) -> NDArray[np.int32]:
    assert attributes is not None
    predictions = np.where(attributes == BLUE, SQUARE, OVAL).astype(np.int32)
    for label, share in _RIGHT_AGAINST_COLOUR.items():
        against = np.flatnonzero((labels == label) & (predictions != label))
        right = against[:: round(1 / share)]
        predictions[right] = label
    return predictions
