"""Places in a study: who gets which cell, who holds it for how long, and what the log says of it."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from annotations.allocation import places
from annotations.allocation.cells import cell_counts, cell_key
from annotations.base.service_errors import AlreadyDone, NotLetInAgain, StudyFull
from annotations.models import (
    Allocation,
    AllocationState,
    AnnotationSession,
    BaseModel,
    Condition,
    Event,
    RestartRule,
    Stage,
    Study,
)
from annotations.visits import check_answers as comprehension
from annotations.visits import sessions, withdrawal
from tests.annotations.allocation.arrivals import arrive, completed, consenting, held, prove_choices, study_of_cells
from tests.support.actors import WRONG_TRIES, do_tutorial

pytestmark = pytest.mark.usefixtures("vouched_for")


@pytest.fixture
def study(base_model: BaseModel) -> Study:
    """Two conditions and two orders, so four cells."""
    return study_of_cells(base_model, n_conditions=2, n_tasks=2)


def cell_of(session) -> str:
    allocation = Allocation.objects.get(session=session)
    return cell_key(allocation.condition, allocation.order)


def full(base_model: BaseModel, quota: int, **fields) -> tuple[Study, list[AnnotationSession]]:
    study = study_of_cells(base_model, n_conditions=1, n_tasks=1, quota=quota, **fields)
    return study, [consenting(study, f"person-{n}") for n in range(quota)]


def test_consent_brings_a_place_and_entering_none(study):
    session = arrive(study, "ann")
    assert not Allocation.objects.exists()
    sessions.give_consent(session)
    allocation = Allocation.objects.get()
    assert (allocation.session, allocation.participant) == (session, session.participant)
    assert (session.condition, session.order) == (allocation.condition, allocation.order)
    assert allocation.lease_expires_at - allocation.allocated_at == dt.timedelta(minutes=study.lease_minutes)


def test_consent_given_twice_holds_one_place(study):
    sessions.give_consent(consenting(study, "ann"))
    assert Allocation.objects.count() == 1


def test_people_fill_the_cells_evenly(study):
    for n in range(10):
        consenting(study, f"person-{n}")
    assert sorted(held(study)) == [2, 2, 3, 3]
    assert prove_choices(study) == 10


def test_a_study_without_conditions_and_with_one_order_has_one_cell(open_study):
    consenting(open_study, "ann")
    (cell,) = cell_counts(open_study)
    assert (cell.condition, cell.order, cell.key, cell.live, cell.completed) == (None, 0, "0:0", 1, 0)


@pytest.mark.parametrize(("seed", "chosen"), [(0, "1:0"), (1, "2:1"), (2, "1:0"), (2**63 - 1, "2:1")])
def test_a_tie_is_broken_by_the_seed(seed, chosen):
    assert places.choose({"2:1": 3, "1:0": 3, "1:1": 4}, seed) == chosen


def test_the_order_of_the_cell_is_the_order_of_the_tasks(study):
    orders = {}
    for n in range(4):
        session = consenting(study, f"person-{n}")
        do_tutorial(session)
        orders[session.order] = list(session.assignments.order_by("position").values_list("task__position", flat=True))
    assert orders == {0: [1, 2], 1: [2, 1]}


def test_a_completion_keeps_the_place(study):
    session = completed(consenting(study, "ann"))
    assert Allocation.objects.get().state == AllocationState.COMPLETED
    assert not session.is_late
    assert sum(held(study)) == 1


def test_a_released_place_goes_to_the_next_and_the_visit_goes_on(study):
    session = consenting(study, "ann")
    cell = cell_of(session)
    for n in range(3):
        consenting(study, f"other-{n}")
    assert places.release(session, "returned")
    assert not places.release(session, "returned")
    assert cell_of(consenting(study, "bob")) == cell
    assert do_tutorial(session).stage == Stage.TASKS


def test_a_late_completion_is_flagged_and_counts_in_its_cell(study):
    session = consenting(study, "ann")
    places.release(session, "timed_out")
    completed(session)
    session.refresh_from_db()
    assert session.is_late
    assert Allocation.objects.get().state == AllocationState.COMPLETED
    prove_choices(study)


def test_a_late_completion_of_somebody_who_began_again_leaves_the_new_place(study):
    first = consenting(study, "ann")
    second = consenting(study, "ann", "second")
    completed(first)
    first.refresh_from_db()
    assert first.is_late
    assert Allocation.objects.get(session=first).state == AllocationState.RELEASED
    assert Allocation.objects.get(session=second).state == AllocationState.LIVE
    prove_choices(study)


def test_a_lease_that_is_over_is_given_up_by_the_sweep(study):
    session = consenting(study, "ann")
    lease = Allocation.objects.get().lease_expires_at
    assert places.expire(lease - dt.timedelta(seconds=1)) == 0
    assert places.expire(lease + dt.timedelta(seconds=1)) == 1
    assert places.expire(lease + dt.timedelta(seconds=1)) == 0
    allocation = Allocation.objects.get(session=session)
    assert (allocation.state, allocation.release_reason) == (AllocationState.RELEASED, "expired")


def test_a_completed_place_does_not_expire(study):
    completed(consenting(study, "ann"))
    assert places.expire(timezone.now() + dt.timedelta(days=9)) == 0


def test_who_fails_the_check_or_withdraws_gives_the_place_up(open_study):
    failed = do_tutorial(consenting(open_study, "ann"))
    for answers in WRONG_TRIES:
        comprehension.answer(failed, client_uuid=uuid.uuid4(), answers=answers)
    withdrawal.withdraw(consenting(open_study, "bob"))
    assert set(Allocation.objects.values_list("release_reason", flat=True)) == {"failed_check", "withdrawn"}


def test_a_withdrawal_after_the_end_keeps_the_place(study):
    withdrawal.withdraw(completed(consenting(study, "ann")))
    assert Allocation.objects.get().state == AllocationState.COMPLETED


# -- The quota ---------------------------------------------------------------------------------------------------------
def test_a_full_study_lets_nobody_new_in_nor_consent(base_model):
    study = study_of_cells(base_model, n_conditions=1, n_tasks=1, quota=2)
    waiting = arrive(study, "waiting")
    for name in ("ann", "bob"):
        consenting(study, name)
    with pytest.raises(StudyFull):
        arrive(study, "new")
    with pytest.raises(StudyFull):
        sessions.give_consent(waiting)
    waiting.refresh_from_db()
    assert (waiting.stage, waiting.consented_at) == (Stage.CONSENT, None)
    assert Allocation.objects.count() == 2


def test_whoever_holds_a_place_goes_on_in_a_full_study(base_model):
    study, (ann, _bob) = full(base_model, 2)
    assert arrive(study, "person-0") == ann
    assert consenting(study, "person-0", "again").participant == ann.participant
    assert sum(held(study)) == 2


def test_a_freed_place_lets_the_next_one_in(base_model):
    study, (ann, _bob) = full(base_model, 2)
    places.release(ann, "returned")
    assert consenting(study, "next").stage == Stage.TUTORIAL


def test_late_completions_overshoot_the_quota(base_model):
    study, (ann, bob) = full(base_model, 2)
    places.release(ann, "timed_out")
    for session in (ann, bob, consenting(study, "third")):
        completed(session)
    assert sum(held(study)) == 3
    with pytest.raises(StudyFull):
        arrive(study, "fourth")


# -- Coming again ------------------------------------------------------------------------------------------------------
def test_who_begins_again_is_the_same_person_in_the_same_cell(study):
    first = consenting(study, "ann")
    for n in range(3):
        consenting(study, f"other-{n}")
    second = consenting(study, "ann", "second")
    assert (second.participant, cell_of(second)) == (first.participant, cell_of(first))
    assert Allocation.objects.get(session=first).release_reason == "restarted"
    assert sum(held(study)) == 4
    assert Event.objects.get(session=second, kind="allocation_made").payload["rule"] == "same_cell"
    assert prove_choices(study) == 4


def test_the_study_may_allocate_them_anew(base_model):
    study = study_of_cells(base_model, n_conditions=2, n_tasks=1, restart_rule=RestartRule.NEW_CELL)
    first = consenting(study, "ann")
    places.release(first, "returned")
    other = consenting(study, "bob")
    second = consenting(study, "ann", "second")
    assert cell_of(second) != cell_of(other)
    assert Event.objects.get(session=second, kind="allocation_made").payload["rule"] == "least_filled"
    assert prove_choices(study) == 3


def test_the_study_may_refuse_them(base_model):
    study = study_of_cells(base_model, n_conditions=1, n_tasks=1, restart_rule=RestartRule.REFUSED)
    undecided = arrive(study, "ann", "undecided")
    consenting(study, "ann")
    with pytest.raises(NotLetInAgain):
        arrive(study, "ann", "third")
    with pytest.raises(NotLetInAgain):
        sessions.give_consent(undecided)
    assert Allocation.objects.count() == 1


def test_who_never_consented_is_new_even_where_nobody_may_come_again(base_model):
    study = study_of_cells(base_model, n_conditions=1, n_tasks=1, restart_rule=RestartRule.REFUSED)
    sessions.decline(arrive(study, "ann"))
    assert consenting(study, "ann", "second").stage == Stage.TUTORIAL


def test_who_completed_is_refused_with_the_visit_that_did(study):
    undecided = arrive(study, "ann", "undecided")
    done = completed(consenting(study, "ann"))
    with pytest.raises(AlreadyDone) as refused:
        arrive(study, "ann", "second")
    assert refused.value.completed == done
    with pytest.raises(AlreadyDone):
        sessions.give_consent(undecided)
    assert arrive(study, "ann") == done


def test_a_condition_that_holds_places_cannot_be_deleted(study):
    session = consenting(study, "ann")
    with pytest.raises(Exception, match="protected"):
        Condition.objects.get(pk=session.condition_id).delete()
