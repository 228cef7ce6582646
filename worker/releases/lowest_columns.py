"""The lowest tables of a release: what all of its other tables are computed from, as Parquet."""

from dataclasses import dataclass, replace
from typing import Any

from annotations.analysis.observations.person_tasks import Basis
from annotations.readings.monitoring.person_courses import REASONS, Step
from annotations.tables.columns import Cell, Column, Table
from annotations.tables.shared import COUNT, PARTICIPANT, SHARE, TASK

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
        Column("phrase", "integer", "the phrase's id"),
        PARTICIPANT,
        Column("is_expert", "boolean", "whether an expert beside the people said it"),
        Column("submitted_at", "time", "when the server stored it", unit="UTC"),
        Column("text", "text", "the phrase as typed; (hidden) where the staff hid it"),
        Column("words", "integer", "number of its normalised words in the task: equal for equal words"),
        Column("normalised", "text", "its words without case, articles, plural, hyphens and the frame of a sentence"),
        Column(
            "annotation", "integer", "its row in annotations.parquet; empty without a score, and where that is not kept"
        ),
        Column("text_digest", "text", "tells the text embedding, as in phrases.csv"),
        Column("sign", "integer", "as in phrases.csv", range="-1, 1"),
        Column("tries", "integer", "as in phrases.csv"),
        Column("run", "text", "the run's id"),
        Column("basis", "text", "what became of it", range=", ".join(Basis)),
    ),
)
COURSES: Table[Any] = Table(
    f"{FOLDER}/courses.parquet",
    "one row per person who entered",
    "by participant",
    (
        PARTICIPANT,
        Column(
            "step",
            "text",
            "the furthest that the person came to",
            lambda row: row.step.name.lower(),
            range=", ".join(step.name.lower() for step in Step),
        ),
        Column("reason", "text", "why no further; empty at the last", range=", ".join(REASONS)),
    ),
)
GROUPS = _of_task(
    "groups",
    "one row per group of the data set",
    "by group",
    Column("group", "integer", "number of the group, from 0"),
    Column("name", "text", "class and attribute"),
    Column("train_images", "integer", "its train images: its weight in average accuracies", **COUNT),
    Column("dataset", "text", "the data set, as in correction_effects.csv"),
)
VALIDATION = _of_task(
    "validation",
    "one row per validation image of the task's class that has a prediction",
    "as the data set lists them; similarities have the same order",
    Column("image_key", "text", "the image, as the data set names it"),
    Column("predicted", "integer", "class that the base model says"),
    Column("is_error", "boolean", "whether that is wrong"),
)
TEST = _of_task(
    "test",
    "one row per test image",
    "as the data set lists them; test predictions have the same order",
    Column("label", "integer", "its class"),
    Column("group", "integer", "its group"),
    Column("predicted", "integer", "class that the base model says, -1 where it says none"),
)
ANNOTATIONS = _of_task(
    "annotations",
    "one row per distinct annotation, text embedding and sign; of very many those that most people said",
    "by text_digest, then sign",
    Column("annotation", "integer", "its number, from 0"),
    Column("text_digest", "text", "tells the text embedding, as in phrases.csv"),
    Column("sign", "integer", "as in phrases.csv", range="-1, 1"),
    Column("similarities", "float32[]", "to the subject, per row of validation.parquet"),
    Column("test_similarities", "float32[]", "per test image of the class; of the task's best phrase alone"),
    Column("embedding", "float32[]", "the subject's text embedding"),
)
RUNS = _of_task(
    "predictions",
    "one row per run that is done, and per control",
    "controls, then runs as they were planned",
    Column("run", "text", "the run's id, as in runs.csv; empty for a control"),
    Column("control", "integer", "number of the control: the run's, or its own"),
    Column("random_slices", "integer", "its row in random_slices.parquet"),
    Column("predictions", "int32[]", "class of each row of test.parquet"),
)
DRAWS = _of_task(
    "random_slices",
    "one row per size of random slices: the null of own gains",
    "by number",
    Column("random_slices", "integer", "its number"),
    Column("n_above", "integer", "train images above each cut", **COUNT),
    Column("worst_groups", "float64[]", "worst-group accuracy on test of each draw", **SHARE),
    Column("scores", "float64[]", "error score of each draw on validation", **SHARE),
)
VOCABULARY = _of_task(
    "vocabulary",
    "one row per set of the class's validation images on which common words are scored: all, and the half that a bonus "
    "is earned on",
    "all images first",
    Column("half", "text", "seed of the half; empty: all"),
    Column("correct_images", "integer", "images that are right", **COUNT),
    Column("wrong_images", "integer", "images that are wrong", **COUNT),
    Column("level", "number", "what one word in twenty passes; empty: too few images", **SHARE),
    Column("negated_level", "number", "the same of “no …”", **SHARE),
    Column("scores", "float64[]", "error score of each word", **SHARE),
    Column("negated_scores", "float64[]", "the same of “no …”", **SHARE),
)
DIRECTIONS = _of_task(
    "random_directions",
    "one row per line of concepts_together.csv: the null of concepts that nobody named",
    "by number of concepts",
    Column("concepts", "integer", "in the union", range="1 or more"),
    Column("values", "float64[]", "held-out error score of each draw of as many directions", **SHARE),
)
CLASSIFIERS = _of_task(
    "benchmark",
    "one row per classifier of the other methods that baselines.csv has, without those that no mean is over",
    "as they were measured",
    Column("method", "text", "as in baselines.csv"),
    Column("classifier", "text", "which of the method"),
    Column("predictions", "int32[]", "class of each row of test.parquet"),
)
_DIGEST: Column[Any] = Column("list_digest", "text", "tells the list, as in keywords.csv")
_KEYWORD: Column[Any] = Column("keyword", "text", "the keyword")
_SIGN: Column[Any] = Column("sign", "integer", "as in keywords.csv", range="-1, 1")
RANKED = _of_task(
    "ranked_keywords",
    "one row per keyword of each list that is ranked on the task's class",
    "by list, then as they are ranked",
    _DIGEST,
    Column("normalised", "text", "its words, as those of said.parquet"),
    _KEYWORD,
    _SIGN,
    Column("error_score", "number", "on the validation images", **SHARE),
    Column("clip_score", "number", "on the validation images"),
)
RETRAINED = _of_task(
    "retrained_keywords",
    "one row per list and score: the machine's first keyword",
    "by list, then score",
    _DIGEST,
    Column("whose", "text", "by which score it is the first"),
    _KEYWORD,
    _SIGN,
    Column("threshold", "number", "as in keywords.csv", unit="cosine"),
    Column("test_similarities", "float32[]", "per test image of the class"),
    Column("predictions", "int32[]", "after retraining with it, of each of these images"),
)
OF_TASK = (
    *(GROUPS, VALIDATION, TEST, ANNOTATIONS, RUNS, DRAWS, VOCABULARY),
    *(DIRECTIONS, CLASSIFIERS, RANKED, RETRAINED),
)
DEFINITIONS: tuple[Table[Any], ...] = (SAID, COURSES, *OF_TASK)
