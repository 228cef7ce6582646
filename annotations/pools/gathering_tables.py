"""What gathered images are worth, and the reviews, as tables for the page and as CSV."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import QuerySet

from annotations.analysis.tables.filled_tables import FilledTable
from annotations.base.tables.columns import Table, worded
from annotations.models import GatheredTraining, Gathering, GatheringPart, ImageReview, JobState, Run, Study
from annotations.models.moderated_words import words_of_phrase
from annotations.models.pool import BASE, BOTH, GATHERED_CONTROL
from annotations.pools.review_outcomes import SliceMeaning, slice_meaning

WORTH = {"worst_group": "worst-group accuracy", "average": "average, groups as in train", "minority": "minority split"}


class Measured(NamedTuple):
    """A measure with the ends of its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class WorthRow:
    """One model of a training; measures: of each, and of its gain over the model it is compared with.

    compared_with: the name of that model, which has the same images and class weights, or the base model.
    """

    gathering: int
    training: int
    dataset: str
    scheme: str
    name: str
    n_added: int
    minutes: float | None
    reason: str
    compared_with: str
    measures: Mapping[str, Measured]

    @property
    def cells(self) -> list[tuple[Measured | None, Measured | None]]:
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
        return gain.value / cost if gain and cost and self.name not in (GATHERED_CONTROL, BOTH) else None


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
    parts: QuerySet[GatheringPart] = GatheringPart.objects.filter(
        gathering__in=study.gatherings.counted(), gathering__pool=None
    )
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
            row.get("compared_with", BASE),  # before 0.18 all were compared with the base model
            {name: Measured(*row[name]) for name in names if name in row},
        )
        for row in training.table
    ]


def worth_table(study: Study) -> FilledTable[WorthRow]:
    """Return all trainings with gathered images of a study, the oldest first."""
    trainings = GatheredTraining.objects.filter(gathering__in=study.gatherings.counted()).select_related(
        "dataset", "gathering__study"
    )
    return FilledTable(GATHERED, [row for each in trainings.order_by("pk") for row in worth_rows(each)])


def review_table(gathering: Gathering) -> FilledTable[ImageReview]:
    """Return what was said of each item of a gathering."""
    return FilledTable(_reviews(gathering), list(gathering.reviews.order_by("place", "reviewer")))


GATHERED: Table[WorthRow] = worded(__package__, "gathered_data", {"reason": lambda row: row.reason or None})
SLICES: Table[SliceCheck] = worded(__package__, "slice_checks")


def _reviews(gathering: Gathering) -> Table[ImageReview]:
    def of_item(name: str) -> Callable[[ImageReview], Any]:
        return lambda review: gathering.items[review.place].get(name)

    of_items = {"row": "row", "arm": "arm", "likeness": "likeness", "probability": "probability", "truth": "label"}
    return worded(__package__, "image_reviews", {column: of_item(name) for column, name in of_items.items()})
