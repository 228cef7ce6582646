"""People who arrive, in numbers: what the tests of places share."""

from annotations.allocation import places
from annotations.allocation.cells import cell_counts, cell_key, cells
from annotations.allocation.places import choose
from annotations.models import AnnotationSession, BaseModel, Condition, Event, Study, Task, TaskOrder
from annotations.visits import sessions
from tests.support import actors


def study_of_cells(
    base_model: BaseModel, *, n_conditions: int, n_tasks: int, slug: str = "cells", **fields: object
) -> Study:
    """An open study with n_conditions times n_tasks cells."""
    study = actors.create_study(base_model, slug, task_order=TaskOrder.BALANCED, comprehension_check=False, **fields)
    for position in range(2, n_tasks + 1):
        Task.objects.create(study=study, position=position, base_model=base_model, target_class=position % 2)
    for position in range(1, n_conditions + 1):
        Condition.objects.create(study=study, position=position, name=f"condition {position}")
    return actors.open_study(study)


def arrive(study: Study, name: str, visit: str = "first") -> AnnotationSession:
    """`name` comes by the link of a submission, and stands at the consent form."""
    return sessions.enter(study, participant_id=name, study_id="outside", session_id=f"{name}-{visit}")


def consenting(study: Study, name: str, visit: str = "first") -> AnnotationSession:
    """`name` came and consented, so holds a place."""
    return sessions.give_consent(arrive(study, name, visit))


def completed(session: AnnotationSession) -> AnnotationSession:
    """The visit at its end, its tasks taken as done."""
    if session.stage != "tasks":
        actors.do_tutorial(session)
    session.assignments.update(state="ended", ended_at=session.created_at, end_reason="done")
    return sessions.finish(session)


def held(study: Study) -> list[int]:
    return [cell.held for cell in cell_counts(study)]


def prove_choices(study: Study) -> int:
    """Go through the log: each place went to a least filled cell, by what the log before it says. Returns how many.

    A person who came again into the same cell is counted as well, but not as a choice.
    """
    filled = {cell_key(condition, order): 0 for condition, order in cells(study)}
    n_choices = 0
    for event in Event.objects.filter(study=study, kind__startswith="allocation_").order_by("id"):
        cell = event.payload["cell"]
        if event.kind == "allocation_made":
            assert event.payload["counts"] == filled
            if event.payload["rule"] == places.LEAST_FILLED:
                assert filled[cell] == min(filled.values())
                assert cell == choose(filled, event.payload["seed"])
                n_choices += 1
            filled[cell] += 1
        elif event.kind == "allocation_released":
            filled[cell] -= 1
        elif event.kind == "allocation_completed" and event.payload["is_late"] and event.payload["counts_in_cell"]:
            filled[cell] += 1
    assert filled == {cell.key: cell.held for cell in cell_counts(study)}
    return n_choices
