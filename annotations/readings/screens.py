"""What exactly stands on a screen of the task page: enough to show it again, and to check that it is the same."""

from typing import Any

from django.utils.translation import get_language

from annotations.models import AnnotationSession, Event, Phrase
from annotations.readings import task_screen
from annotations.readings.results import result
from annotations.readings.task_screen import Draws, Images, Work


def screen(work: Work, draws: Draws, images: Images | None) -> dict[str, Any]:
    """Return what the log keeps of a screen: JSON, without addresses of images, which expire.

    `seed` and `draws` are what the samples are drawn from, `rows` the images themselves, by place, as rows of the data
    set in the order shown. `images` is None where only the answer to a phrase changed on the page.
    """
    rows = {} if images is None else {"right": images.right.rows, "wrong": images.wrong.rows}
    shown = work.answer.result if work.answer else None
    if shown is not None and shown.split is not None:
        rows |= {"without": shown.split.without.grid.rows, "with": shown.split.with_it.grid.rows}
    return {
        "assignment": work.assignment.public_id,
        "seed": work.assignment.session.seed,
        "draws": {"right": draws.right, "wrong": draws.wrong},
        "phrase": work.answer.phrase.ordinal if work.answer else None,
        "rows": rows,
        "language": get_language(),
    }


def rows_again(event: Event, owner: str) -> dict[str, list[int]]:
    """Draw a logged screen anew from its seed, draws and phrase; return its rows, which are the logged ones."""
    assert isinstance(event.session, AnnotationSession)
    logged = event.payload
    assignment = event.session.assignments.select_related("task__base_model__dataset", "session").get(
        public_id=logged["assignment"]
    )
    images = task_screen.images(assignment, owner=owner, draws=Draws(**logged["draws"]))
    rows = {"right": images.right.rows, "wrong": images.wrong.rows}
    phrase = Phrase.objects.filter(assignment=assignment, ordinal=logged["phrase"]).select_related("score").first()
    if phrase is not None and hasattr(phrase, "score"):
        phrase.assignment = assignment
        split = result(phrase.score, owner).split
        if split is not None:
            rows |= {"without": split.without.grid.rows, "with": split.with_it.grid.rows}
    return {place: rows[place] for place in logged["rows"]}
