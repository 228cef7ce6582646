"""The lowest tables of a release: what all of its other tables are computed from, as Parquet."""

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from annotations.analysis.observations.person_tasks import Basis
from annotations.readings.monitoring.person_courses import REASONS, Step
from annotations.tables.columns import Column, Table
from annotations.tables.shared import COUNT, SHARE, field, participant_column, task_column

FOLDER = "lowest"


class Said(NamedTuple):
    """A phrase. words: number of its normalised words; annotation: number of what it selects, where that is kept."""

    task: int
    phrase: int
    participant: str
    is_expert: bool
    submitted_at: dt.datetime
    text: str
    words: int
    normalised: str
    annotation: int | None
    text_digest: str
    sign: int | None
    tries: int | None
    run: uuid.UUID | None
    basis: str


class Group(NamedTuple):
    """A group of the data set, with its train images."""

    number: int
    name: str
    train: int


class ValidationImage(NamedTuple):
    """A validation image of the task's class that has a prediction."""

    image_key: str
    predicted: int
    is_error: bool


class TestImage(NamedTuple):
    """A test image; predicted: by the base model, below 0 where it has no prediction."""

    label: int
    group: int
    predicted: int


class Similarities(NamedTuple):
    """What one distinct annotation selects. test: of the task's best annotation alone."""

    number: int
    text_digest: str
    sign: int
    similarities: bytes
    test: bytes | None
    embedding: bytes


class Predictions(NamedTuple):
    """Test predictions of a run or of a control; the numbers are those of its control and of its random slices."""

    run: uuid.UUID | None
    control: int | None
    random_slices: int | None
    predictions: bytes


class NullDraws(NamedTuple):
    """Worst-group accuracies of retrainings with random slices, and the error scores that one is chosen by."""

    number: int
    n_above: int
    worst_groups: bytes
    scores: bytes | None


class WordScores(NamedTuple):
    """Error scores of common words on a task's images, or on a half of them."""

    half: str
    n_correct: int
    n_error: int
    level: float | None
    negated_level: float | None
    scores: bytes
    negated_scores: bytes


@dataclass(frozen=True)
class LowestTable:
    """A definition whose file is in the folder of a task, or of the study."""

    table: Table[Any]

    def of_task(self, position: int) -> Table[Any]:
        return replace(self.table, file=self.table.file.replace("task-N", f"task-{position}"))


def _of_task(name: str, meaning: str, order: str, *columns: Column[Any]) -> LowestTable:
    return LowestTable(Table(f"{FOLDER}/task-N/{name}.parquet", meaning, order, columns))


_RUN: Column[Any] = Column("run", "text", "the run's id, as in runs.csv; empty for a control", field("run"))

SAID: Table[Said] = Table(
    f"{FOLDER}/said.parquet",
    "one row per phrase of the study's people, and of experts on the same class of the same base model",
    "people, then experts; the earliest first",
    (
        task_column(field("task")),
        Column("phrase", "integer", "the phrase's id", field("phrase")),
        participant_column(field("participant")),
        Column("is_expert", "boolean", "whether an expert beside the people said it", field("is_expert")),
        Column("submitted_at", "time", "when the server stored it", field("submitted_at"), unit="UTC"),
        Column("text", "text", "the phrase as typed; (hidden) where the staff hid it", field("text")),
        Column("words", "integer", "number of its normalised words in the task: equal for equal words", field("words")),
        Column(
            "normalised",
            "text",
            "its words without case, articles, plural, hyphens and the frame of a sentence",
            field("normalised"),
        ),
        Column(
            "annotation",
            "integer",
            "its row in annotations.parquet; empty without a score, and where that is not kept",
            field("annotation"),
        ),
        Column("text_digest", "text", "tells the text embedding, as in phrases.csv", field("text_digest")),
        Column("sign", "integer", "as in phrases.csv", field("sign"), range="-1, 1"),
        Column("tries", "integer", "as in phrases.csv", field("tries")),
        Column("run", "text", "the run's id", field("run")),
        Column("basis", "text", "what became of it", field("basis"), range=", ".join(Basis)),
    ),
)
COURSES: Table[Any] = Table(
    f"{FOLDER}/courses.parquet",
    "one row per person who entered",
    "by participant",
    (
        participant_column(field("participant")),
        Column(
            "step",
            "text",
            "the furthest that the person came to",
            lambda row: row.step.name.lower(),
            range=", ".join(step.name.lower() for step in Step),
        ),
        Column("reason", "text", "why no further; empty at the last", field("reason"), range=", ".join(REASONS)),
    ),
)
GROUPS = _of_task(
    "groups",
    "one row per group of the data set",
    "by group",
    Column("group", "integer", "number of the group, from 0", field("number")),
    Column("name", "text", "class and attribute", field("name")),
    Column("train_images", "integer", "its train images: its weight in average accuracies", field("train"), **COUNT),
)
VALIDATION = _of_task(
    "validation",
    "one row per validation image of the task's class that has a prediction",
    "as the data set lists them; similarities have the same order",
    Column("image_key", "text", "the image, as the data set names it", field("image_key")),
    Column("predicted", "integer", "class that the base model says", field("predicted")),
    Column("is_error", "boolean", "whether that is wrong", field("is_error")),
)
TEST = _of_task(
    "test",
    "one row per test image",
    "as the data set lists them; test predictions have the same order",
    Column("label", "integer", "its class", field("label")),
    Column("group", "integer", "its group", field("group")),
    Column("predicted", "integer", "class that the base model says, -1 where it says none", field("predicted")),
)
ANNOTATIONS = _of_task(
    "annotations",
    "one row per distinct annotation, text embedding and sign; of very many those that most people said",
    "by text_digest, then sign",
    Column("annotation", "integer", "its number, from 0", field("number")),
    Column("text_digest", "text", "tells the text embedding, as in phrases.csv", field("text_digest")),
    Column("sign", "integer", "as in phrases.csv", field("sign"), range="-1, 1"),
    Column("similarities", "float32[]", "to the subject, per row of validation.parquet", field("similarities")),
    Column(
        "test_similarities",
        "float32[]",
        "per test image of the class; of the task's best phrase alone",
        field("test"),
    ),
    Column("embedding", "float32[]", "the subject's text embedding", field("embedding")),
)
RUNS = _of_task(
    "predictions",
    "one row per run that is done, and per control",
    "controls, then runs as they were planned",
    _RUN,
    Column("control", "integer", "number of the control: the run's, or its own", field("control")),
    Column("random_slices", "integer", "its row in random_slices.parquet", field("random_slices")),
    Column("predictions", "int32[]", "class of each row of test.parquet", field("predictions")),
)
DRAWS = _of_task(
    "random_slices",
    "one row per size of random slices: the null of own gains",
    "by number",
    Column("random_slices", "integer", "its number", field("number")),
    Column("n_above", "integer", "train images above each cut", field("n_above"), **COUNT),
    Column("worst_groups", "float64[]", "worst-group accuracy on test of each draw", field("worst_groups"), **SHARE),
    Column("scores", "float64[]", "error score of each draw on validation", field("scores"), **SHARE),
)
VOCABULARY = _of_task(
    "vocabulary",
    "one row per set of the class's validation images on which common words are scored: all, and the half that a bonus "
    "is earned on",
    "all images first",
    Column("half", "text", "seed of the half; empty: all", field("half")),
    Column("correct_images", "integer", "images that are right", field("n_correct"), **COUNT),
    Column("wrong_images", "integer", "images that are wrong", field("n_error"), **COUNT),
    Column("level", "number", "what one word in twenty passes; empty: too few images", field("level"), **SHARE),
    Column("negated_level", "number", "the same of “no …”", field("negated_level"), **SHARE),
    Column("scores", "float64[]", "error score of each word", field("scores"), **SHARE),
    Column("negated_scores", "float64[]", "the same of “no …”", field("negated_scores"), **SHARE),
)
OF_TASK = (GROUPS, VALIDATION, TEST, ANNOTATIONS, RUNS, DRAWS, VOCABULARY)
DEFINITIONS: tuple[Table[Any], ...] = (SAID, COURSES, *(each.table for each in OF_TASK))
