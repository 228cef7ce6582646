"""The places of a study: how full each cell is. A cell is a condition and an order of the tasks."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from annotations.allocation.task_orders import n_orders
from annotations.models import HOLDING, Allocation, AllocationState, Condition, Study
from annotations.prolific_client.statuses import PLACE_FREED


@dataclass(frozen=True)
class Cell:
    """A condition (None in a study without any) and an order of the tasks, with the places that are taken in it."""

    condition: Condition | None
    order: int
    live: int
    completed: int

    @property
    def key(self) -> str:
        """“condition:order”, the condition by its position, 0 where the study has none."""
        return cell_key(self.condition, self.order)

    @property
    def held(self) -> int:
        return self.live + self.completed


def cell_key(condition: Condition | None, order: int) -> str:
    """Return the name under which the log keeps a cell: “condition:order”, the condition by its position."""
    return f"{condition.position if condition else 0}:{order}"


def cell_counts(study: Study) -> list[Cell]:
    """Return the study's cells in the order of conditions, then of orders, each with how full it is now."""
    held = Allocation.objects.filter(study=study, state__in=HOLDING).order_by()
    rows = held.values_list("condition", "order", "state").annotate(n=Count("id"))
    counts = {(condition, order, state): n for condition, order, state, n in rows}
    return [
        Cell(
            condition,
            order,
            live=counts.get((condition and condition.pk, order, AllocationState.LIVE), 0),
            completed=counts.get((condition and condition.pk, order, AllocationState.COMPLETED), 0),
        )
        for condition, order in cells(study)
    ]


def taken(study: Study) -> QuerySet[Allocation]:
    """Return the places that nobody else can have: the study is full where there are as many as its quota.

    A cell counts what was done, and so keeps a visit that was completed. Its place is free all the same where its
    submission was returned, timed out, rejected or screened out, before or after: Prolific sends somebody else for it.
    """
    held = Allocation.objects.filter(study=study, state__in=HOLDING)
    return held.exclude(session__submission__status__in=PLACE_FREED)


def cells(study: Study) -> list[tuple[Condition | None, int]]:
    """Return every condition with every order of the tasks; a study without conditions has its orders alone."""
    conditions: Sequence[Condition | None] = list(study.conditions.order_by("position")) or [None]
    return [(condition, order) for condition in conditions for order in range(n_orders(study))]
