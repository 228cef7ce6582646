"""What exactly stands on a screen of the task page: enough to show it again, and to check that it is the same."""

from typing import Any

from django.utils.translation import get_language

from annotations.models import Event, Phrase, PhraseState
from annotations.readings import task_screen
from annotations.readings.question import Question, question
from annotations.readings.results import Split, split_at
from annotations.readings.task_screen import Draws, Images, Work


def screen(work: Work, draws: Draws, images: Images | None) -> dict[str, Any]:
    """Return what the log keeps of a screen: JSON, without addresses of images, which expire.

    `seed`, `draws` and `threshold` are what the samples are drawn from, `rows` the images themselves, by place, as rows
    of the data set in the order shown. `images` is None where only the answer to a phrase changed on the page.
    """
    rows = {} if images is None else {"right": images.right.rows, "wrong": images.wrong.rows}
    shown = work.answer.result if work.answer else None
    if shown is not None and shown.split is not None:
        rows |= _rows_of(shown.split)
    if shown is not None and shown.question is not None:
        rows |= _rows_of_question(shown.question)
    return {
        "assignment": work.assignment.public_id,
        "seed": work.assignment.session.seed,
        "draws": {"right": draws.right, "wrong": draws.wrong},
        "phrase": work.answer.phrase.ordinal if work.answer else None,
        "threshold": shown.threshold if shown else None,
        "rows": rows,
        "language": get_language(),
    }


def rows_again(event: Event, owner: str) -> dict[str, list[int]]:
    """Draw a logged screen anew from its seed, draws, phrase and threshold; return its rows: the logged ones."""
    assert event.session is not None
    logged = event.payload
    assignments = event.session.assignments.select_related("task__base_model__dataset", "session")
    assignment = assignments.get(public_id=logged["assignment"])
    images = task_screen.images(assignment, owner=owner, draws=Draws(**logged["draws"]))
    rows = {"right": images.right.rows, "wrong": images.wrong.rows}
    phrase = Phrase.objects.select_related("score").filter(assignment=assignment, ordinal=logged["phrase"]).first()
    if phrase is not None and phrase.state == PhraseState.SCORED:
        phrase.assignment = assignment
        rows |= _rows_of_question(question(phrase.score, owner))
        if logged["threshold"] is not None:
            rows |= _rows_of(split_at(phrase.score, owner, logged["threshold"]))
    return {place: rows[place] for place in logged["rows"]}


def _rows_of(split: Split) -> dict[str, list[int]]:
    return {"without": split.without.grid.rows, "with": split.with_it.grid.rows}


def _rows_of_question(asked: Question) -> dict[str, list[int]]:
    return {"most": [picture.row for picture in asked.most], "least": [picture.row for picture in asked.least]}
