"""What gathered images are worth, and the reviews, as tables for the page and as CSV."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from annotations.analysis.pools.review_statistics import SliceMeaning, slice_meaning
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.models import GatheredTraining, Gathering, GatheringPart, ImageReview, JobState, Run, Study
from annotations.readings.releases.moderated_words import words_of_phrase
from annotations.tables.columns import Column, Table
from annotations.tables.shared import COUNT, SHARE, field, task_column

WORTH = {"worst_group": "worst group", "average": "average, groups as in training", "minority": "minority split"}


@dataclass(frozen=True)
class WorthRow:
    """One model of a training; measures: value, low, high of each, and of its gain over the base model."""

    gathering: int
    training: int
    dataset: str
    scheme: str
    name: str
    n_added: int
    minutes: float | None
    reason: str
    measures: Mapping[str, Sequence[float]]

    @property
    def cells(self) -> list[tuple[Sequence[float] | None, Sequence[float] | None]]:
        """Value and gain of each measure, in the order of `WORTH`."""
        return [(self.measures.get(name), self.measures.get(f"{name}_gain")) for name in WORTH]

    @property
    def per_image(self) -> float | None:
        """Gain of the minority split for each image that was added."""
        return self._per(self.n_added)

    @property
    def per_minute(self) -> float | None:
        """Gain of the minority split for each minute of review."""
        return self._per(self.minutes)

    def _per(self, cost: float | None) -> float | None:
        gain = self.measures.get("minority_gain")
        return gain[0] / cost if gain and cost else None


@dataclass(frozen=True)
class SliceCheck:
    """What people say of the slice of a phrase, and how many of them looked."""

    part: GatheringPart
    meaning: SliceMeaning
    reviewers: int

    @property
    def task(self) -> int:
        return self.part.score.phrase.assignment.task.position

    @property
    def phrase(self) -> int:
        return self.part.score.phrase_id

    @property
    def words(self) -> str:
        return words_of_phrase(self.part.score.phrase)


def slice_checks(study: Study, run: Run | None = None) -> list[SliceCheck]:
    """Return the slice checks of a study, or of a run's annotation, that somebody has begun, the oldest first."""
    parts: QuerySet[GatheringPart] = GatheringPart.objects.filter(gathering__study=study, gathering__pool=None)
    if run is not None:
        parts = parts.filter(score__run=run, threshold=run.threshold or 0.0)
    related = ("gathering__base_model__dataset", "score__phrase__assignment__task")
    found = parts.select_related(*related).order_by("gathering")
    checks = [SliceCheck(part, slice_meaning(part.gathering), _reviewers(part.gathering)) for part in found]
    return [each for each in checks if each.meaning.precision.n or each.meaning.missed.n]


def _reviewers(gathering: Gathering) -> int:
    return gathering.reviews.order_by().values("reviewer").distinct().count()


def pool_tables(study: Study) -> tuple[FilledTable[Any], ...]:
    """Return what gathered images are worth, and what reviewers say of slices."""
    return worth_table(study), FilledTable(SLICES, slice_checks(study))


def worth_rows(training: GatheredTraining) -> list[WorthRow]:
    """Return the models of a training that is done; none of another."""
    if training.state != JobState.DONE:
        return []
    names = [f"{name}{end}" for name in WORTH for end in ("", "_gain")]
    return [
        WorthRow(
            training.gathering_id,
            training.pk,
            str(training.dataset),
            training.gathering.study.scheme,
            row["name"],
            row["n_added"],
            row["minutes"],
            row["reason"],
            {name: row[name] for name in names if name in row},
        )
        for row in training.table
    ]


def worth_table(study: Study) -> FilledTable[WorthRow]:
    """Return all trainings with gathered images of a study, the oldest first."""
    trainings = GatheredTraining.objects.filter(gathering__study=study).select_related("dataset", "gathering__study")
    return FilledTable(GATHERED, [row for each in trainings.order_by("pk") for row in worth_rows(each)])


def review_table(gathering: Gathering) -> FilledTable[ImageReview]:
    """Return what was said of each item of a gathering."""
    return FilledTable(_reviews(gathering), list(gathering.reviews.order_by("place", "reviewer")))


def _measure(name: str, place: int) -> Callable[[WorthRow], float | None]:
    return lambda row: row.measures[name][place] if name in row.measures else None


def _columns(name: str, words: str) -> list[Column[WorthRow]]:
    share: dict[str, Any] = {"unit": "share", "range": "0 to 1"}
    gain: dict[str, Any] = {"unit": "share", "range": "-1 to 1"}
    drawn = "2,000 draws of the test images within each group, the same for all models"
    return [
        Column(name, "number", f"{words} on test", _measure(name, 0), **share),
        Column(f"{name}_low", "number", "its 95% interval", _measure(name, 1), computed=drawn, **share),
        Column(f"{name}_high", "number", "its 95% interval", _measure(name, 2), computed=drawn, **share),
        Column(f"{name}_gain", "number", "the same less that of the base model", _measure(f"{name}_gain", 0), **gain),
        Column(f"{name}_gain_low", "number", "its 95% interval, paired", _measure(f"{name}_gain", 1), **gain),
        Column(f"{name}_gain_high", "number", "its 95% interval, paired", _measure(f"{name}_gain", 2), **gain),
    ]


GATHERED: Table[WorthRow] = Table(
    "gathered_data.csv",
    "one row per model of each training with gathered images; all are measured on the test images of the parent",
    "by training, then as on the page",
    (
        Column("gathering", "integer", "number of the gathering, unique on the site", field("gathering")),
        Column("training", "integer", "number of the training, unique on the site", field("training")),
        Column("dataset", "text", "data set with the gathered images", field("dataset")),
        Column("scheme", "text", "how slices are weighted, as in runs.csv", field("scheme")),
        Column("model", "text", "what the model was trained with", field("name")),
        Column("images_added", "integer", "images from the pool in its train split", field("n_added"), "images"),
        Column("minutes", "number", "of review, all reviewers together", field("minutes"), "minutes"),
        *[column for name, words in WORTH.items() for column in _columns(name, words)],
        Column("per_image", "number", "gain of the minority split per image added", field("per_image"), "share"),
        Column("per_minute", "number", "gain of the minority split per minute", field("per_minute"), "share"),
        Column("reason", "text", "why there is no such model", lambda row: row.reason or None),
    ),
)


def _end(place: int) -> Callable[[SliceCheck], float | None]:
    return lambda row: row.meaning.recall_bounds[place] if row.meaning.recall_bounds else None


_LOW, _HIGH = "lower end of its 95% interval", "its upper end"
SLICES: Table[SliceCheck] = Table(
    "slice_checks.csv",
    "one row per check of whether a slice means its phrase: images above and below the threshold, in mixed order, of "
    "which people say whether the phrase holds",
    "by check",
    (
        Column("check", "integer", "number of the check, unique on the site", field("part.gathering_id")),
        task_column(field("task")),
        Column("phrase", "integer", "the phrase's id, as in phrases.csv", field("phrase")),
        Column("text", "text", "the phrase; written as in phrases.csv", field("words")),
        Column("threshold", "number", "the similarity threshold", field("part.threshold"), unit="cosine"),
        Column("reviewers", "integer", "people who looked", field("reviewers"), **COUNT),
        Column("above", "integer", "images above it that somebody decided on", field("meaning.precision.n"), **COUNT),
        Column("above_holds", "integer", "of these, all say that it holds", field("meaning.precision.k"), **COUNT),
        Column("precision", "number", "their share", field("meaning.precision.value"), **SHARE),
        Column("precision_low", "number", f"{_LOW}, Wilson's", field("meaning.precision.low"), **SHARE),
        Column("precision_high", "number", _HIGH, field("meaning.precision.high"), **SHARE),
        Column("below", "integer", "images at or below it, likewise", field("meaning.missed.n"), **COUNT),
        Column("below_holds", "integer", "of these, all say that it holds", field("meaning.missed.k"), **COUNT),
        Column(
            "recall",
            "number",
            "of the class's images for which it holds, the share above the threshold",
            field("meaning.recall"),
            computed="both shares times the class's validation images above and at or below the threshold",
            **SHARE,
        ),
        Column("recall_low", "number", f"{_LOW}, from both shares' Wilson intervals", _end(0), **SHARE),
        Column("recall_high", "number", _HIGH, _end(1), **SHARE),
    ),
)


def _reviews(gathering: Gathering) -> Table[ImageReview]:
    def of_item(name: str) -> Callable[[ImageReview], Any]:
        return lambda review: gathering.items[review.place].get(name)

    return Table(
        "image_reviews.csv",
        "one row per image and reviewer",
        "by place, then reviewer",
        (
            Column("place", "integer", "place of the image in the review, from 0", field("place")),
            Column("row", "integer", "its row in the pool, or of known images in the data set", of_item("row")),
            Column("arm", "text", "why it was shown", of_item("arm"), range="candidate, random, known, above, below"),
            Column("likeness", "number", "its similarity to the annotation", of_item("likeness"), range="-1 to 1"),
            Column("probability", "number", "that it is of the class", of_item("probability"), range="0 to 1"),
            Column("truth", "integer", "its label, where it is known or expected", of_item("label")),
            Column("reviewer", "text", "account of the reviewer", field("reviewer")),
            Column("verdict", "text", "what was said", field("verdict"), range="keep, drop, unsure"),
            Column("label", "integer", "class with which it is kept", field("label")),
            Column("seconds", "number", "that it took", field("seconds"), "seconds"),
            Column("reviewed_at", "time", "when", field("reviewed_at")),
        ),
    )
