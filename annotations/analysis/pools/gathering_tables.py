"""What gathered images are worth, and the reviews, as tables for the page and as CSV."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.db.models import QuerySet

from annotations.analysis.pools.review_statistics import SliceMeaning, slice_meaning
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.models import GatheredTraining, Gathering, GatheringPart, ImageReview, JobState, Run, Study
from annotations.models.pool import BOTH
from annotations.readings.releases.moderated_words import words_of_phrase
from annotations.tables.columns import Column, Count, Integer, Number, Says, Share, Table, Text, Time, declared
from annotations.tables.shared import field, task_column

WORTH = {"worst_group": "worst group", "average": "average, groups as in training", "minority": "minority split"}


@dataclass(frozen=True)
class WorthRow:
    """One model of a training; measures: value, low, high of each, and of its gain over the base model."""

    gathering: Annotated[int, Says("number of the gathering, unique on the site")]
    training: Annotated[int, Says("number of the training, unique on the site")]
    dataset: Annotated[str, Says("data set with the gathered images")]
    scheme: Annotated[str, Says("how slices are weighted, as in runs.csv")]
    name: Annotated[str, Says("what the model was trained with", name="model")]
    n_added: Annotated[int, Says("images from the pool in its train split", "images", name="images_added")]
    minutes: Annotated[float | None, Says("of review, all reviewers together", "minutes")]
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
        is_of_images = self.name != BOTH  # whose gain is reweighting's too
        return gain[0] / cost if gain and cost and is_of_images else None


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
        Number(name, f"{words} on test", _measure(name, 0), **share),
        Number(f"{name}_low", "its 95% interval", _measure(name, 1), computed=drawn, **share),
        Number(f"{name}_high", "its 95% interval", _measure(name, 2), computed=drawn, **share),
        Number(f"{name}_gain", "the same less that of the base model", _measure(f"{name}_gain", 0), **gain),
        Number(f"{name}_gain_low", "its 95% interval, paired", _measure(f"{name}_gain", 1), **gain),
        Number(f"{name}_gain_high", "its 95% interval, paired", _measure(f"{name}_gain", 2), **gain),
    ]


GATHERED: Table[WorthRow] = Table(
    "gathered_data.csv",
    "one row per model of each training with gathered images; all are measured on the test images of the parent",
    "by training, then as on the page",
    (
        *declared(WorthRow),
        *[column for name, words in WORTH.items() for column in _columns(name, words)],
        Number(
            "per_image",
            "gain of the minority split per image added; none with reweighting",
            field("per_image"),
            "share",
        ),
        Number(
            "per_minute", "gain of the minority split per minute; none with reweighting", field("per_minute"), "share"
        ),
        Text("reason", "why there is no such model", lambda row: row.reason or None),
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
        Integer("check", "number of the check, unique on the site", field("part.gathering_id")),
        task_column(field("task")),
        Integer("phrase", "the phrase's id, as in phrases.csv", field("phrase")),
        Text("text", "the phrase; written as in phrases.csv", field("words")),
        Number("threshold", "the similarity threshold", field("part.threshold"), unit="cosine"),
        Count("reviewers", "people who looked", field("reviewers")),
        Count("above", "images above it that somebody decided on", field("meaning.precision.n")),
        Count("above_holds", "of these, all say that it holds", field("meaning.precision.k")),
        Share("precision", "their share", field("meaning.precision.value")),
        Share("precision_low", f"{_LOW}, Wilson's", field("meaning.precision.low")),
        Share("precision_high", _HIGH, field("meaning.precision.high")),
        Count("below", "images at or below it, likewise", field("meaning.missed.n")),
        Count("below_holds", "of these, all say that it holds", field("meaning.missed.k")),
        Share(
            "recall",
            "of the class's images for which it holds, the share above the threshold",
            field("meaning.recall"),
            computed="both shares times the class's validation images above and at or below the threshold",
        ),
        Share("recall_low", f"{_LOW}, from both shares' Wilson intervals", _end(0)),
        Share("recall_high", _HIGH, _end(1)),
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
            Integer("place", "place of the image in the review, from 0", field("place")),
            Integer("row", "its row in the pool, or of known images in the data set", of_item("row")),
            Text("arm", "why it was shown", of_item("arm"), range="candidate, random, known, above, below"),
            Number("likeness", "its similarity to the annotation", of_item("likeness"), range="-1 to 1"),
            Number("probability", "that it is of the class", of_item("probability"), range="0 to 1"),
            Integer("truth", "its label, where it is known or expected", of_item("label")),
            Text("reviewer", "account of the reviewer", field("reviewer")),
            Text("verdict", "what was said", field("verdict"), range="keep, drop, unsure"),
            Integer("label", "class with which it is kept", field("label")),
            Number("seconds", "that it took", field("seconds"), "seconds"),
            Time("reviewed_at", "when", field("reviewed_at")),
        ),
    )
