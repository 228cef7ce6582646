"""A study on both classes whose people said what goes wrong, and a coordinator who approved it."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotations.models import BaseModel, EndReason, Moderation, Phrase, Study
from annotations.phrases import assignments
from annotations.releases import moderation
from annotations.studies import lifecycle
from tests.support import actors
from tests.support.actors import OVAL, SQUARE, Visit
from tests.support.steps import submit_and_score

PhrasesByClass = Mapping[int, Sequence[str]]
RIGHT_WORDS: PhrasesByClass = {SQUARE: ["red"], OVAL: ["blue"]}


def study_of_both(base_model: BaseModel, slug: str = "both", **fields: Any) -> Study:
    """Open, with a task on squares and one on ovals."""
    tasks = [{"base_model": base_model, "target_class": label} for label in (SQUARE, OVAL)]
    title, code = f"The {slug} study", "C0DE9999"
    draft = lifecycle.create_study(slug=slug, title=title, completion_code=code, tasks=tasks, **fields)
    return actors.open_study(draft)


def say(study: Study, name: str, said: PhrasesByClass = RIGHT_WORDS) -> list[Phrase]:
    """`name` does both tasks with these phrases, by class, and they get their scores."""
    visit = actors.start_visit(study, name)
    phrases: list[Phrase] = []
    for assignment in visit.session.assignments.order_by("position"):
        running = visit.assignment if assignment == visit.assignment else assignments.start(assignment)
        at = Visit(visit.session, running, visit.client, visit.external_ids)
        assert assignment.task.target_class is not None
        phrases += submit_and_score(at, *said.get(assignment.task.target_class, ()))
        assignments.end(running, EndReason.DONE)
    return phrases


def approve(*phrases: Phrase) -> None:
    for phrase in phrases:
        moderation.moderate(phrase, Moderation.APPROVED, by="coordinator")
