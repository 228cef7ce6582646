"""How far the review of a gathering is, and whether it is over."""

from dataclasses import dataclass

from django.db.models import Sum

from annotations.models import Gathering, ImageReview, JobState, Verdict

DROPPED_IN_A_ROW = 30  # candidates; the rest is less like the annotation than these


@dataclass(frozen=True)
class ReviewProgress:
    """Of the items whose images are in the pool still: n_done by this reviewer, n_reviewed by anybody.

    place: the next item for this reviewer, None when there is none; over: why the review is over, else empty.
    """

    place: int | None
    n_done: int
    n_reviewed: int
    n_items: int
    minutes: float
    over: str


def review_progress(gathering: Gathering, reviewer: str) -> ReviewProgress:
    """Return how far one reviewer is; the minutes are those of all reviewers."""
    left = set(range(len(gathering.items))) - gathering.gone
    said = [(place, by) for place, by in gathering.reviews.values_list("place", "reviewer") if place in left]
    done = {place for place, by in said if by == reviewer}
    place = min(left - done, default=None)
    minutes = minutes_of(gathering)
    over = _over(gathering, reviewer, place, minutes)
    n_reviewed = len({place for place, _ in said})
    return ReviewProgress(None if over else place, len(done), n_reviewed, len(left), minutes, over)


def minutes_of(gathering: Gathering) -> float:
    """Return the minutes that all reviewers took together."""
    return float(gathering.reviews.aggregate(total=Sum("seconds"))["total"] or 0) / 60


def minutes_by_arm(gathering: Gathering) -> dict[str, float]:
    """Return the minutes that all reviewers took for the items of each arm."""
    minutes: dict[str, float] = {}
    for place, seconds in gathering.reviews.values_list("place", "seconds"):
        arm = gathering.items[place]["arm"]
        minutes[arm] = minutes.get(arm, 0.0) + seconds / 60
    return minutes


def _over(gathering: Gathering, reviewer: str, place: int | None, minutes: float) -> str:
    if gathering.state != JobState.DONE:
        return "There are no images to review yet."
    if not gathering.items:
        return "No image is a candidate, so there is nothing to review."
    if place is None:
        return "You have looked at all images."
    if minutes >= gathering.minutes:
        return f"The {gathering.minutes} minutes of review are used up."
    if gathering.pool_id and _has_dried_up(gathering, reviewer):
        return f"You dropped the last {DROPPED_IN_A_ROW} candidates, and the others are less like the annotation."
    return ""


def _has_dried_up(gathering: Gathering, reviewer: str) -> bool:
    candidates = [place for place, item in enumerate(gathering.items) if item["arm"] == "candidate"]
    mine = ImageReview.objects.filter(gathering=gathering, reviewer=reviewer, place__in=candidates)
    last = list(mine.order_by("-place").values_list("verdict", flat=True)[:DROPPED_IN_A_ROW])
    return len(last) == DROPPED_IN_A_ROW and set(last) == {Verdict.DROP}
