"""How well reviewers do: agreement, errors on hidden known images, and what a slice check says."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.models import Gathering, ImageReview, Verdict
from annotations.pools.review_outcomes import ABOVE, BELOW, KNOWN, decided
from clarify_errors.arrays.pools.review_agreement import cohens_kappa

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
class SliceMeaning:
    """Whether a slice means its phrase.

    precision: of images above the threshold those for which it holds; missed: of images below it. recall: of all images
    for which it holds those above, with bounds that follow from the intervals of both shares.
    """

    precision: Share
    missed: Share
    recall: float | None
    recall_bounds: Bounds


def review_statistics(gathering: Gathering) -> dict[str, Any]:
    """Return how well the reviewers of a gathering did, and what they say of a slice.

    reviewers: of each the name, how many images they kept and dropped and were unsure of, minutes, and the share of the
    known images that they kept which have another label; agreements: Cohen's kappa of each two on the n images that
    both decided on, None where it is not defined; noise: of the known images on which all agreed that they are kept,
    those with a wrong label; meaning: of a slice check alone.
    """
    by_name: dict[str, list[ImageReview]] = {}
    for each in gathering.reviews.order_by("reviewer", "place"):
        by_name.setdefault(each.reviewer, []).append(each)
    known = {place: item["label"] for place, item in enumerate(gathering.items) if item["arm"] == KNOWN}
    agreed = [each for each in decided(gathering) if each.arm == KNOWN and each.label is not None]
    return {
        "reviewers": [(name, *_counts(of, known)) for name, of in by_name.items()],
        "agreements": [(a, b, *_agreement(by_name[a], by_name[b])) for a, b in combinations(by_name, 2)],
        "noise": Share(sum(each.label != each.truth for each in agreed), len(agreed)),
        "meaning": None if gathering.pool_id else slice_meaning(gathering),
    }


def _counts(reviews: Sequence[ImageReview], known: dict[int, int]) -> tuple[int, int, int, float, Share]:
    said = Counter(each.verdict for each in reviews)
    kept = [each for each in reviews if each.place in known and each.verdict == Verdict.KEEP]
    wrong = Share(sum(each.label != known[each.place] for each in kept), len(kept))
    minutes = sum(each.seconds for each in reviews) / 60
    return said[Verdict.KEEP], said[Verdict.DROP], said[Verdict.UNSURE], minutes, wrong


def _agreement(a: Sequence[ImageReview], b: Sequence[ImageReview]) -> tuple[int, float | None]:
    said = [{each.place: each.label for each in of if each.verdict != Verdict.UNSURE} for of in (a, b)]
    both = sorted(said[0].keys() & said[1].keys())
    return len(both), cohens_kappa(*([of[place] for place in both] for of in said)) if both else None


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
