"""Orders of the tasks: in a balanced study no task is always the last one."""

from collections import Counter
from itertools import pairwise

import pytest

from annotations.allocation.task_orders import n_orders, order_of, order_of_tasks
from annotations.models import BaseModel, Study, Task, TaskOrder


@pytest.mark.parametrize("n", range(1, 10))
def test_every_order_has_every_task_once(n: int) -> None:
    assert all(sorted(order_of_tasks(n, order)) == list(range(n)) for order in range(n))


@pytest.mark.parametrize("n", range(1, 10))
def test_over_the_orders_each_task_comes_once_at_each_place(n: int) -> None:
    orders = [order_of_tasks(n, order) for order in range(n)]
    assert all(sorted(place) == list(range(n)) for place in zip(*orders, strict=True))


@pytest.mark.parametrize("n", [2, 4, 6, 8])
def test_for_an_even_number_each_task_follows_each_other_one_once(n: int) -> None:
    followed = Counter(pair for order in range(n) for pair in pairwise(order_of_tasks(n, order)))
    assert followed == dict.fromkeys([(a, b) for a in range(n) for b in range(n) if a != b], 1)


def test_a_study_has_one_order_or_as_many_as_tasks(draft_study: Study, base_model: BaseModel) -> None:
    for position in (2, 3):
        Task.objects.create(study=draft_study, position=position, base_model=base_model, target_class=1)
    assert (n_orders(draft_study), order_of(draft_study, 3, 0)) == (1, (0, 1, 2))
    draft_study.task_order = TaskOrder.BALANCED
    assert n_orders(draft_study) == 3
    assert [order_of(draft_study, 3, order) for order in range(3)] == [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
