"""What reviewers decided together, and how well they do: agreement, errors on hidden known images, slice checks."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from annotations.analysis.statistics.estimate_types import Interval, wilson_interval
from annotations.models import Gathering, ImageReview, Verdict
from clarify_errors.arrays.pools.review_agreement import agreed_label, cohens_kappa

CANDIDATE, RANDOM, KNOWN = "candidate", "random", "known"  # arms of a gathering
ABOVE, BELOW = "above", "below"  # arms of a slice check
FEW_ADDED = 30  # a rule of thumb: what fewer change is mostly less than its interval over the test images


@dataclass(frozen=True)
class Decided:
    """An item on which somebody decided; label: None where it is not kept, or not all said the same."""

    place: int
    row: int
    arm: str
    truth: int | None
    label: int | None
    n_reviewers: int


def review_counts(gathering: Gathering) -> dict[str, Any]:
    """Return how many of a gathering's reviewed images were kept and would be added, each of the one before.

    kept: all who decided gave one class; random and known: those of them that are not added; unseen: pseudo-labels;
    added: the rest, or with these; is_few: whether they can hardly be told from none; classes: how many are added with
    each class, the most frequent first.
    """
    names = gathering.base_model.dataset.class_names
    of = decided(gathering)
    arms = Counter(each.arm for each in of if each.label is not None)
    added = kept(gathering, of)[CANDIDATE]
    labels = Counter(label for _, label, _ in added)
    return {
        "kept": arms.total(),
        "random": arms[RANDOM],
        "known": arms[KNOWN],
        "unseen": len(added) - arms[CANDIDATE],
        "added": len(added),
        "is_few": len(added) < FEW_ADDED,
        "classes": [(names[label], n) for label, n in labels.most_common()],
    }


def decided(gathering: Gathering) -> list[Decided]:
    """Return the items that somebody kept or dropped, in their order; who was unsure does not count."""
    said: dict[int, list[int | None]] = defaultdict(list)
    gone = gathering.gone
    sure = gathering.reviews.exclude(verdict=Verdict.UNSURE).order_by("place", "reviewer")
    for place, label in sure.values_list("place", "label"):
        said[place].append(label)
    return [
        Decided(place, item["row"], item["arm"], item.get("label"), agreed_label(said[place]), len(said[place]))
        for place, item in enumerate(gathering.items)
        if place in said and place not in gone
    ]


def kept(gathering: Gathering, of: list[Decided] | None = None) -> dict[str, list[list[int]]]:
    """Return pool rows that are kept, by arm, each with its label and its number of reviewers. of: what is decided.

    With pseudo-labels the candidates at which nobody looked are among them, with 0 reviewers.
    """
    found: dict[str, list[list[int]]] = {CANDIDATE: [], RANDOM: []}
    for each in decided(gathering) if of is None else of:
        if each.arm in found and each.label is not None:
            found[each.arm].append([each.row, each.label, each.n_reviewers])
    if gathering.pseudo_labels:
        seen = {*gathering.reviews.values_list("place", flat=True), *gathering.gone}
        rest = [item for place, item in enumerate(gathering.items) if place not in seen and item["arm"] == CANDIDATE]
        found[CANDIDATE] += [[item["row"], item["label"], 0] for item in rest]
    return found


@dataclass(frozen=True)
class Share:
    """k of n, with its 95% interval by Wilson's formula."""

    k: int
    n: int

    @property
    def value(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def bounds(self) -> Interval | None:
        return wilson_interval(self.k, self.n)


@dataclass(frozen=True)
class SliceMeaning:
    """Whether a slice means its phrase.

    precision: of images above the threshold those for which it holds; missed: of images below it. recall: of all images
    for which it holds those above, with bounds that follow from the intervals of both shares.
    """

    precision: Share
    missed: Share
    recall: float | None
    recall_bounds: Interval | None


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

    bounds: Interval | None = None
    if above.bounds and below.bounds:
        low, high = recall(above.bounds.low, below.bounds.high), recall(above.bounds.high, below.bounds.low)
        bounds = Interval(low, high) if low is not None and high is not None else None
    return SliceMeaning(above, below, recall(above.value, below.value) if above.n and below.n else None, bounds)
