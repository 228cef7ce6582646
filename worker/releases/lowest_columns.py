"""The lowest tables of a release: what all of its other tables are computed from, as Parquet."""

from dataclasses import dataclass, replace
from typing import Any

from annotations.analysis.observations.person_tasks import Basis
from annotations.readings.monitoring.person_courses import REASONS, Step
from annotations.tables.columns import (
    Boolean,
    Cell,
    Column,
    Count,
    Float32s,
    Float64s,
    Int32s,
    Integer,
    Number,
    Share,
    Table,
    Text,
    Time,
)
from annotations.tables.shared import PARTICIPANT, SHARE, TASK

FOLDER = "lowest"


Cells = tuple[Cell, ...]


@dataclass(frozen=True)
class LowestTable(Table[Cells]):
    """A table whose rows are their cells, in the order of its columns; its file may be in the folder of a task."""

    def cells(self, row: Cells) -> list[Cell]:
        return list(row)

    def of_task(self, position: int) -> "LowestTable":
        return replace(self, file=self.file.replace("task-N", f"task-{position}"))


def _of_task(name: str, meaning: str, order: str, *columns: Column[Cells]) -> LowestTable:
    return LowestTable(f"{FOLDER}/task-N/{name}.parquet", meaning, order, columns)


SAID = LowestTable(
    f"{FOLDER}/said.parquet",
    "one row per phrase of the study's people, and of experts on the same class of the same base model",
    "people, then experts; the earliest first",
    (
        TASK,
        Integer("phrase", "the phrase's id"),
        PARTICIPANT,
        Boolean("is_expert", "whether an expert beside the people said it"),
        Time("submitted_at", "when the server stored it"),
        Text("text", "the phrase as typed; (hidden) where the staff hid it"),
        Integer("words", "number of its normalised words in the task: equal for equal words"),
        Text("normalised", "its words without case, articles, plural, hyphens and the frame of a sentence"),
        Integer("annotation", "its row in annotations.parquet; empty without a score, and where that is not kept"),
        Text("text_digest", "tells the text embedding, as in phrases.csv"),
        Integer("sign", "as in phrases.csv", range="-1, 1"),
        Integer("tries", "as in phrases.csv"),
        Text("run", "the run's id"),
        Text("basis", "what became of it", range=", ".join(Basis)),
    ),
)
COURSES: Table[Any] = Table(
    f"{FOLDER}/courses.parquet",
    "one row per person who entered",
    "by participant",
    (
        PARTICIPANT,
        Text(
            "step",
            "the furthest that the person came to",
            lambda row: row.step.name.lower(),
            range=", ".join(step.name.lower() for step in Step),
        ),
        Text("reason", "why no further; empty at the last", range=", ".join(REASONS)),
    ),
)
GROUPS = _of_task(
    "groups",
    "one row per group of the data set",
    "by group",
    Integer("group", "number of the group, from 0"),
    Text("name", "class and attribute"),
    Count("train_images", "its train images: its weight in average accuracies"),
    Text("dataset", "the data set, as in correction_effects.csv"),
)
VALIDATION = _of_task(
    "validation",
    "one row per validation image of the task's class that has a prediction",
    "as the data set lists them; similarities have the same order",
    Text("image_key", "the image, as the data set names it"),
    Integer("predicted", "class that the base model says"),
    Boolean("is_error", "whether that is wrong"),
)
TEST = _of_task(
    "test",
    "one row per test image",
    "as the data set lists them; test predictions have the same order",
    Integer("label", "its class"),
    Integer("group", "its group"),
    Integer("predicted", "class that the base model says, -1 where it says none"),
)
ANNOTATIONS = _of_task(
    "annotations",
    "one row per distinct annotation, text embedding and sign; of very many those that most people said",
    "by text_digest, then sign",
    Integer("annotation", "its number, from 0"),
    Text("text_digest", "tells the text embedding, as in phrases.csv"),
    Integer("sign", "as in phrases.csv", range="-1, 1"),
    Float32s("similarities", "to the subject, per row of validation.parquet"),
    Float32s("test_similarities", "per test image of the class; of the task's best phrase alone"),
    Float32s("embedding", "the subject's text embedding"),
)
RUNS = _of_task(
    "predictions",
    "one row per run that is done, and per control",
    "controls, then runs as they were planned",
    Text("run", "the run's id, as in runs.csv; empty for a control"),
    Integer("control", "number of the control: the run's, or its own"),
    Integer("random_slices", "its row in random_slices.parquet"),
    Int32s("predictions", "class of each row of test.parquet"),
)
DRAWS = _of_task(
    "random_slices",
    "one row per size of random slices: the null of own gains",
    "by number",
    Integer("random_slices", "its number"),
    Count("n_above", "train images above each cut"),
    Float64s("worst_groups", "worst-group accuracy on test of each draw", **SHARE),
    Float64s("scores", "error score of each draw on validation", **SHARE),
)
VOCABULARY = _of_task(
    "vocabulary",
    "one row per set of the class's validation images on which common words are scored: all, and the half that a bonus "
    "is earned on",
    "all images first",
    Text("half", "seed of the half; empty: all"),
    Count("correct_images", "images that are right"),
    Count("wrong_images", "images that are wrong"),
    Share("level", "what one word in twenty passes; empty: too few images"),
    Share("negated_level", "the same of “no …”"),
    Float64s("scores", "error score of each word", **SHARE),
    Float64s("negated_scores", "the same of “no …”", **SHARE),
)
DIRECTIONS = _of_task(
    "random_directions",
    "one row per line of concepts_together.csv: the null of concepts that nobody named",
    "by number of concepts",
    Integer("concepts", "in the union", range="1 or more"),
    Float64s("values", "held-out error score of each draw of as many directions", **SHARE),
)
CLASSIFIERS = _of_task(
    "benchmark",
    "one row per classifier of the other methods that baselines.csv has, without those that no mean is over",
    "as they were measured",
    Text("method", "as in baselines.csv"),
    Text("classifier", "which of the method"),
    Int32s("predictions", "class of each row of test.parquet"),
)
_DIGEST: Column[Any] = Text("list_digest", "tells the list, as in keywords.csv")
_KEYWORD: Column[Any] = Text("keyword", "the keyword")
_SIGN: Column[Any] = Integer("sign", "as in keywords.csv", range="-1, 1")
RANKED = _of_task(
    "ranked_keywords",
    "one row per keyword of each list that is ranked on the task's class",
    "by list, then as they are ranked",
    _DIGEST,
    Text("normalised", "its words, as those of said.parquet"),
    _KEYWORD,
    _SIGN,
    Share("error_score", "on the validation images"),
    Number("clip_score", "on the validation images"),
)
RETRAINED = _of_task(
    "retrained_keywords",
    "one row per list and score: the machine's first keyword",
    "by list, then score",
    _DIGEST,
    Text("whose", "by which score it is the first"),
    _KEYWORD,
    _SIGN,
    Number("threshold", "as in keywords.csv", unit="cosine"),
    Float32s("test_similarities", "per test image of the class"),
    Int32s("predictions", "after retraining with it, of each of these images"),
)
OF_TASK = (
    *(GROUPS, VALIDATION, TEST, ANNOTATIONS, RUNS, DRAWS, VOCABULARY),
    *(DIRECTIONS, CLASSIFIERS, RANKED, RETRAINED),
)
DEFINITIONS: tuple[Table[Any], ...] = (SAID, COURSES, *OF_TASK)
