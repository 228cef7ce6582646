"""What exactly stands on a screen of the task page: enough to show it again, and to check that it is the same."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from annotations.models import Assignment, Event
from annotations.models.phrase import PAGE_VERSION
from annotations.phrases import task_screen
from annotations.phrases.task_screen import Draws, Images, Work


def screen(work: Work, draws: Draws, images: Images | None) -> dict[str, Any]:
    """Return what the log keeps of a screen: JSON, without addresses of images, which expire.

    `seed`, `draws` and `threshold` are what the samples are drawn from, `rows` the images themselves, by place, as rows
    of the data set in the order shown. `images` is None where only the answer to a phrase changed on the page.
    """
    rows = {} if images is None else {"right": images.right.rows, "wrong": images.wrong.rows}
    shown = work.answer.result if work.answer else None
    if shown is not None and shown.split is not None:
        rows |= {"without": shown.split.without.grid.rows, "with": shown.split.with_it.grid.rows}
    if shown is not None and shown.handle is not None:
        rows |= {"in_order": [picture.row for picture in shown.in_order]}
    if shown is not None and shown.question is not None:
        rows |= {"most": [picture.row for picture in shown.question.most]}
    return {
        "assignment": work.assignment.public_id,
        "seed": work.assignment.session.seed,
        "draws": vars(draws),
        "phrase": work.answer.phrase.ordinal if work.answer else None,
        "threshold": shown.threshold if shown else None,
        "rows": rows,
        "language": get_language(),
        "page": PAGE_VERSION,
    }


@dataclass(frozen=True)
class ReplayedScreen:
    """A logged screen as it was. rows: those drawn now; is_same: whether they are the logged ones.

    is_earlier: an earlier version of the page drew it, which took its images in another way.
    """

    work: Work
    draws: Draws
    images: Images
    language: str
    rows: dict[str, list[int]]
    is_same: bool
    is_earlier: bool


def replay_screen(event: Event, owner: str) -> ReplayedScreen:
    """Draw a logged screen anew from its seed, draws, phrase and threshold, with the history as it was then.

    Where the answer alone had changed, the images beside it are those that stood there. Raises Assignment.DoesNotExist
    where its person's visit was erased since, BadDataset.
    """
    assert event.session is not None
    logged, draws = event.payload, Draws(**event.payload["draws"])
    assignments = Assignment.objects.filter(session=event.session).select_related(
        "task__base_model__dataset", "session__study", "session__condition"
    )
    assignment = assignments.get(public_id=logged["assignment"])
    images = task_screen.images(assignment, owner=owner, draws=draws)
    work = task_screen.past_work(
        assignment, owner=owner, shown=logged["phrase"], threshold=logged["threshold"], at=event.occurred_at
    )
    drawn = screen(work, draws, images)["rows"]
    rows = {place: drawn.get(place, []) for place in logged["rows"]}
    is_earlier = logged.get("page") != PAGE_VERSION
    return ReplayedScreen(work, draws, images, logged["language"], rows, rows == logged["rows"], is_earlier)
