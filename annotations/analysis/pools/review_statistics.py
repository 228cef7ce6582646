"""How well reviewers do: agreement, errors on hidden known images, and what a slice check says."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.models import Gathering, ImageReview, Verdict
from annotations.readings.pools.review_outcomes import ABOVE, BELOW, KNOWN, decided
from modeling.arrays.pools.review_agreement import cohens_kappa

Bounds = tuple[float, float] | None


@dataclass(frozen=True)
class Share:
    """k of n, with its 95% interval by Wilson's formula."""

    k: int
    n: int

    @property
    def value(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def bounds(self) -> Bounds:
        return wilson_interval(self.k, self.n)

    @property
    def low(self) -> float | None:
        return self.bounds[0] if self.bounds else None

    @property
    def high(self) -> float | None:
        return self.bounds[1] if self.bounds else None


@dataclass(frozen=True)
class ReviewerLine:
    """One reviewer; wrong: of the known images that they kept, those with another label than they have."""

    reviewer: str
    kept: int
    dropped: int
    unsure: int
    minutes: float
    wrong: Share


@dataclass(frozen=True)
class Agreement:
    """Cohen's kappa of two reviewers on the n images that both decided on; None where it is not defined."""

    first: str
    second: str
    n: int
    kappa: float | None


@dataclass(frozen=True)
class SliceMeaning:
    """Whether a slice means its phrase.

    precision: of images above the threshold those for which it holds; missed: of images below it. recall: of all images
    for which it holds those above, with bounds that follow from the intervals of both shares.
    """

    precision: Share
    missed: Share
    recall: float | None
    recall_bounds: Bounds


@dataclass(frozen=True)
class ReviewStatistics:
    """noise: of the known images on which all agreed that they are kept, those with a wrong label."""

    reviewers: Sequence[ReviewerLine]
    agreements: Sequence[Agreement]
    noise: Share
    meaning: SliceMeaning | None


def review_statistics(gathering: Gathering) -> ReviewStatistics:
    """Return how well the reviewers of a gathering did, and what they say of a slice."""
    reviews = list(gathering.reviews.order_by("reviewer", "place"))
    by_name: dict[str, list[ImageReview]] = {}
    for each in reviews:
        by_name.setdefault(each.reviewer, []).append(each)
    known = {place: item["label"] for place, item in enumerate(gathering.items) if item["arm"] == KNOWN}
    agreed = [each for each in decided(gathering) if each.arm == KNOWN and each.label is not None]
    return ReviewStatistics(
        [_line(name, of, known) for name, of in by_name.items()],
        [_agreement(a, b, by_name[a], by_name[b]) for a, b in combinations(by_name, 2)],
        Share(sum(each.label != each.truth for each in agreed), len(agreed)),
        None if gathering.pool_id else slice_meaning(gathering),
    )


def _line(name: str, reviews: Sequence[ImageReview], known: dict[int, int]) -> ReviewerLine:
    verdicts = [each.verdict for each in reviews]
    kept = [each for each in reviews if each.place in known and each.verdict == Verdict.KEEP]
    return ReviewerLine(
        name,
        verdicts.count(Verdict.KEEP),
        verdicts.count(Verdict.DROP),
        verdicts.count(Verdict.UNSURE),
        sum(each.seconds for each in reviews) / 60,
        Share(sum(each.label != known[each.place] for each in kept), len(kept)),
    )


def _agreement(first: str, second: str, a: Sequence[ImageReview], b: Sequence[ImageReview]) -> Agreement:
    said = [{each.place: each.label for each in of if each.verdict != Verdict.UNSURE} for of in (a, b)]
    both = sorted(said[0].keys() & said[1].keys())
    kappa = cohens_kappa(*([of[place] for place in both] for of in said)) if both else None
    return Agreement(first, second, len(both), kappa)


def slice_meaning(gathering: Gathering) -> SliceMeaning:
    """Return what the reviewers of a slice check say of the slice."""
    of = {ABOVE: [0, 0], BELOW: [0, 0]}
    for each in decided(gathering):
        of[each.arm][0] += each.label is not None
        of[each.arm][1] += 1
    sizes = {item["arm"]: item["of"] for item in gathering.items}
    above, below = Share(*of[ABOVE]), Share(*of[BELOW])

    def recall(precision: float | None, missed: float | None) -> float | None:
        found, lost = (precision or 0) * sizes.get(ABOVE, 0), (missed or 0) * sizes.get(BELOW, 0)
        return found / (found + lost) if found + lost else None

    bounds: Bounds = None
    if above.bounds and below.bounds:
        low, high = recall(above.bounds[0], below.bounds[1]), recall(above.bounds[1], below.bounds[0])
        bounds = (low, high) if low is not None and high is not None else None
    return SliceMeaning(above, below, recall(above.value, below.value) if above.n and below.n else None, bounds)
