"""Orders of the tasks: as numbered, or one of a Latin square's rows, so that no task is always the last one."""

from annotations.models import Study, TaskOrder


def n_orders(study: Study) -> int:
    """Return how many orders of its tasks a study has: one, or as many as tasks where they are balanced."""
    return max(1, study.tasks.count()) if study.task_order == TaskOrder.BALANCED else 1


def order_of_tasks(n_tasks: int, order: int) -> tuple[int, ...]:
    """Return row `order` of the Latin square of the tasks, each a number from 0: every task once.

    Over the n rows each task comes once at each place. The first row goes to and fro (0, 1, n-1, 2, n-2 …), and each
    other one is the one before with 1 added, modulo n: for an even n each task then also follows each other task once
    (Williams 1949, Australian Journal of Scientific Research A 2).

    >>> [order_of_tasks(4, order) for order in range(4)]
    [(0, 1, 3, 2), (1, 2, 0, 3), (2, 3, 1, 0), (3, 0, 2, 1)]
    """
    to_and_fro = [(place + 1) // 2 if place % 2 else -(place // 2) for place in range(n_tasks)]
    return tuple((step + order) % n_tasks for step in to_and_fro)


def order_of(study: Study, n_tasks: int, order: int) -> tuple[int, ...]:
    """Return the study's tasks, each a number from 0, in one of its orders."""
    return order_of_tasks(n_tasks, order) if study.task_order == TaskOrder.BALANCED else tuple(range(n_tasks))
