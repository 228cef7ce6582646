"""Five hundred people who come at once, each in a thread, over as many real connections as the site's pool has."""

import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable
from psycopg_pool import PoolTimeout

from annotations.allocation import places
from annotations.allocation.cells import cell_counts
from annotations.base.service_errors import StudyFull
from annotations.models import Allocation, AnnotationSession, BaseModel, Study
from annotations.visits import sessions
from tests.annotations.allocation.arrivals import arrive, consenting, held, prove_choices, study_of_cells

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("vouched_for"),
]

ARRIVALS, CELLS = 500, 6
SHARE_OF_DROPOUTS = 0.3


@pytest.fixture
def study(base_model: BaseModel) -> Study:
    """Two conditions and three orders, so six cells."""
    return study_of_cells(base_model, n_conditions=2, n_tasks=3)


def at_once(step: Callable[[str], object], names: Iterable[str]) -> None:
    """Take a step for each name, all at the same moment. Raises what one raises."""
    names = list(names)
    ready = Barrier(len(names))

    def run(name: str) -> None:
        ready.wait()
        try:
            _until_the_site_has_time(step, name)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(run, names))


def _until_the_site_has_time(step: Callable[[str], object], name: str) -> None:
    """A person for whom the site has no connection, or who waits too long for a lock, is asked to come again, and does.

    A lock is waited for some time: where other tests take the machine's time, eight in a row can need longer.
    """
    while True:
        try:
            step(name)
        except OperationalError as error:
            if not isinstance(error.__cause__, PoolTimeout | LockNotAvailable):
                raise
        else:
            return


@transaction.atomic
def complete(session: AnnotationSession) -> None:
    """The visit's end as `sessions.finish` notes it, without the tasks in between."""
    AnnotationSession.objects.filter(pk=session.pk).update(
        stage="finished", outcome="completed", ended_at=session.created_at
    )
    places.complete(session)


def nobody_holds_two_places(study: Study) -> bool:
    people = Allocation.objects.filter(study=study, state__in=["live", "completed"]).values("participant")
    return people.count() == people.distinct().count()


def test_without_dropouts_cells_differ_by_at_most_one_and_nobody_is_in_twice(study: Study) -> None:
    names = [f"person-{n}" for n in range(ARRIVALS - 20)]
    at_once(lambda name: consenting(study, name.removesuffix("'")), [*names, *(f"{name}'" for name in names[:20])])
    assert sum(held(study)) == Allocation.objects.count() == study.participants.count() == len(names)
    assert max(held(study)) - min(held(study)) <= 1
    assert nobody_holds_two_places(study)
    assert prove_choices(study) == len(names)


def test_with_dropouts_each_place_went_to_a_least_filled_cell_and_the_completed_cells_end_even(study: Study) -> None:
    quota = 300
    Study.objects.update(quota=quota)
    rng = random.Random(5)
    drops = {f"person-{n}": rng.random() < SHARE_OF_DROPOUTS for n in range(ARRIVALS)}

    def come(name: str) -> None:
        try:
            session = sessions.give_consent(arrive(study, name))
        except StudyFull:
            return
        if drops[name]:
            places.release(session, rng.choice(["returned", "timed_out", "expired"]))
        else:
            complete(session)

    at_once(come, drops)
    left = iter(range(ARRIVALS, 2 * ARRIVALS))
    while sum(cell.completed for cell in cell_counts(study)) < quota:  # arrivals go on until it is met
        name = f"person-{next(left)}"
        drops[name] = rng.random() < SHARE_OF_DROPOUTS
        come(name)
    completed = [cell.completed for cell in cell_counts(study)]
    assert (sum(completed), len(completed)) == (quota, CELLS)
    assert max(completed) - min(completed) <= 1
    assert nobody_holds_two_places(study)
    assert prove_choices(study) == Allocation.objects.count() > quota
