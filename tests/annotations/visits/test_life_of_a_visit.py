"""Any order of what people, Prolific and the clock can do to visits: what must hold of their places holds after each.

A model beside the database keeps whose visits hold a place and says what each step has to answer.
"""

import datetime as dt
from typing import ClassVar

import hypothesis
import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from annotations.allocation import places
from annotations.base.service_errors import AlreadyDone, NotLetInAgain, ServiceError, StudyFull
from annotations.models import (
    HOLDING,
    Allocation,
    AllocationState,
    AnnotationSession,
    BaseModel,
    RestartRule,
    Stage,
)
from annotations.models.participant import LASTING
from annotations.visits import sessions, withdrawal
from tests.annotations.allocation.arrivals import arrive, completed, prove_choices, study_of_cells

PEOPLE, QUOTA = ("ann", "bob", "cleo", "dan"), 3
FREED = ("returned", "timed_out")
NUMBERS = st.integers(0, 11)  # which of the visits that there are


class LifeOfAVisit(RuleBasedStateMachine):
    """The study has two cells and three places, two of them taken; each person may come with three submissions."""

    base_model: ClassVar[BaseModel]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.came: dict[tuple[str, int], AnnotationSession] = {}  # by person and submission
        self.person: dict[int, str] = {}  # of each visit
        self.place: dict[int, str] = {}  # of each visit that got one: held, freed or used
        self.late: set[int] = set()

    def teardown(self) -> None:
        """The log only grows, so that it proves at the end what it proved after each step."""
        try:
            if self.visits:
                prove_choices(self.study)
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    @initialize(rule=st.sampled_from(RestartRule))
    def open_the_study(self, rule: RestartRule) -> None:
        self.study = study_of_cells(self.base_model, n_conditions=2, n_tasks=1, quota=QUOTA, restart_rule=rule)
        for person in PEOPLE:
            self.enter(person, 1)
        for number in (0, 1):
            self.consent(number)

    def visit(self, number: int, *stages: Stage) -> AnnotationSession | None:
        """One of the visits, or of those at some stages; None where there is none."""
        choice = [visit for visit in self.visits if not stages or visit.stage in stages]
        return choice[number % len(choice)] if choice else None

    @property
    def visits(self) -> list[AnnotationSession]:
        return list(self.came.values())

    # -- The model's answers -------------------------------------------------------------------------------------------
    def taken(self) -> int:
        return sum(place in {"held", "used"} for place in self.place.values())

    def of(self, person: str) -> list[AnnotationSession]:
        return [visit for visit in self.visits if self.person[visit.pk] == person]

    def refusal(self, person: str, visit: AnnotationSession | None = None) -> type[ServiceError] | None:
        """Why a person who enters anew, or consents in `visit`, is refused."""
        others = [other for other in self.of(person) if other != visit]
        if any(other.stage == Stage.FINISHED for other in others):
            return AlreadyDone
        if self.study.restart_rule == RestartRule.REFUSED and any(other.consented_at for other in others):
            return NotLetInAgain
        holds = any(self.place.get(other.pk) == "held" for other in others)
        return StudyFull if self.taken() >= QUOTA and not holds else None

    # -- What people do ------------------------------------------------------------------------------------------------
    @rule(person=st.sampled_from(PEOPLE), submission=st.integers(1, 3))
    def enter(self, person: str, submission: int) -> None:
        known = self.came.get((person, submission))
        expected = None if known else self.refusal(person)
        if expected is not None:
            with pytest.raises(expected):
                arrive(self.study, person, str(submission))
            return
        visit = arrive(self.study, person, str(submission))
        assert known in {None, visit}
        self.came.setdefault((person, submission), visit)
        self.person[visit.pk] = person

    @rule(number=NUMBERS)
    def consent(self, number: int) -> None:
        """Also once more, from a page that was left open."""
        visit = self.visit(number, Stage.CONSENT, Stage.TUTORIAL, Stage.FINISHED)
        if visit is None:
            return
        person = self.person[visit.pk]
        expected = self.refusal(person, visit) if visit.stage == Stage.CONSENT else None
        if expected is not None:
            with pytest.raises(expected), transaction.atomic():
                sessions.give_consent(visit)
            visit.refresh_from_db()
            assert visit.stage == Stage.CONSENT
            return
        is_new = visit.stage == Stage.CONSENT
        sessions.give_consent(visit)
        if is_new:
            for other in self.of(person):
                if self.place.get(other.pk) == "held":
                    self.place[other.pk] = "freed"
            self.place[visit.pk] = "held"

    @rule(number=NUMBERS)
    def decline(self, number: int) -> None:
        visit = self.visit(number, Stage.CONSENT)
        if visit is not None:
            assert sessions.decline(visit).stage == Stage.DECLINED

    @rule(number=NUMBERS)
    def finish(self, number: int) -> None:
        visit = self.visit(number, Stage.TUTORIAL)
        if visit is None:
            return
        completed(visit)
        if self.place[visit.pk] == "freed":
            self.late.add(visit.pk)
        holds_another = any(
            self.place.get(other.pk) in {"held", "used"} for other in self.of(self.person[visit.pk]) if other != visit
        )
        self.place[visit.pk] = "freed" if holds_another else "used"

    @rule(number=NUMBERS)
    def withdraw(self, number: int) -> None:
        visit = self.visit(number, Stage.TUTORIAL)
        if visit is None:
            return
        withdrawal.withdraw(visit)  # with it goes every other visit of the person
        for other in self.of(self.person[visit.pk]):
            other.refresh_from_db()
            if self.place.get(other.pk) == "held":
                self.place[other.pk] = "freed"

    # -- What Prolific and the clock do --------------------------------------------------------------------------------
    @rule(number=NUMBERS, reason=st.sampled_from(FREED))
    def return_or_time_out(self, number: int, reason: str) -> None:
        visit = self.visits[number % len(self.visits)]
        held = self.place.get(visit.pk) == "held"
        assert places.release(visit, reason) is held
        if held:
            self.place[visit.pk] = "freed"

    @rule(later=st.booleans())
    def expire(self, later: bool) -> None:
        held = [pk for pk, place in self.place.items() if place == "held"]
        minutes = self.study.lease_minutes + 1 if later else self.study.lease_minutes - 1
        assert places.expire(timezone.now() + dt.timedelta(minutes=minutes)) == (len(held) if later else 0)
        if later:
            self.place |= dict.fromkeys(held, "freed")

    # -- What holds, whatever was done ---------------------------------------------------------------------------------
    @invariant()
    def places_are_as_they_must_be(self) -> None:
        allocations = list(Allocation.objects.select_related("session"))
        self.places_are_as_the_model_says(allocations)
        self.nobody_holds_two_places_and_only_late_completions_overshoot(allocations)
        self.a_place_is_held_by_visits_that_last_and_used_by_those_that_finished(allocations)

    def places_are_as_the_model_says(self, allocations: list[Allocation]) -> None:
        states = {allocation.session_id: allocation.state for allocation in allocations}
        words = {"held": AllocationState.LIVE, "used": AllocationState.COMPLETED, "freed": AllocationState.RELEASED}
        assert states == {pk: words[place] for pk, place in self.place.items()}

    def nobody_holds_two_places_and_only_late_completions_overshoot(self, allocations: list[Allocation]) -> None:
        holders = [allocation.participant_id for allocation in allocations if allocation.state in HOLDING]
        assert len(holders) == len(set(holders)) <= QUOTA + len(self.late)

    def a_place_is_held_by_visits_that_last_and_used_by_those_that_finished(
        self, allocations: list[Allocation]
    ) -> None:
        for allocation in allocations:
            visit = allocation.session
            assert allocation.state != AllocationState.LIVE or (visit.stage in LASTING and visit.consented_at)
            assert allocation.state != AllocationState.COMPLETED or visit.stage == Stage.FINISHED
            assert (allocation.condition_id, allocation.order) == (visit.condition_id, visit.order)
        late = AnnotationSession.objects.filter(is_late=True).values_list("pk", flat=True)
        assert set(late) == self.late


def test_places_hold_whatever_people_prolific_and_the_clock_do(base_model: BaseModel, vouched_for: None) -> None:
    LifeOfAVisit.base_model = base_model
    run_state_machine_as_test(
        LifeOfAVisit, settings=hypothesis.settings(max_examples=30, stateful_step_count=25, deadline=None)
    )
