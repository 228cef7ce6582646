"""Prolific gives the place of a returned submission to somebody else: so do we, before and after the visit's end."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.allocation.cells import taken
from annotations.base.service_errors import StudyFull
from annotations.models import AllocationState, AnnotationSession, BaseModel, Stage, Study, Submission
from annotations.payments.compared_records import compare
from annotations.prolific.submissions import Source, StatusReport, note_status
from annotations.prolific_client.statuses import PLACE_FREED
from tests.annotations.allocation.arrivals import arrive, completed, consenting, held, prove_choices, study_of_cells

QUOTA = 2

pytestmark = pytest.mark.usefixtures("vouched_for")


@pytest.fixture
def study(base_model: BaseModel) -> Study:
    """Two cells, a place in each."""
    return study_of_cells(base_model, n_conditions=2, n_tasks=1, quota=QUOTA, external_study_id="outside")


def told(session: AnnotationSession, status: str, minutes: int = 0) -> None:
    at = timezone.now() + dt.timedelta(minutes=minutes)
    submission = Submission.objects.get(session=session)
    note_status(session.study, StatusReport(status, at, Source.WEBHOOK), submission=submission)
    session.refresh_from_db()


@pytest.mark.parametrize("status", PLACE_FREED)
@pytest.mark.parametrize("is_told_first", [True, False])
def test_somebody_else_can_come_whether_it_was_completed_before_or_after(
    study: Study, status: str, is_told_first: bool
) -> None:
    ann, _bob = consenting(study, "ann"), consenting(study, "bob")
    with pytest.raises(StudyFull):
        arrive(study, "too-early")
    if is_told_first:
        told(ann, status)
        completed(ann)
    else:
        completed(ann)
        told(ann, status)
    assert taken(study).count() == QUOTA - 1
    assert consenting(study, "carl").stage == Stage.TUTORIAL
    with pytest.raises(StudyFull):
        arrive(study, "too-late")


def test_what_was_completed_is_kept_and_its_cell_goes_on_counting_it(study: Study) -> None:
    ann = completed(consenting(study, "ann"))
    consenting(study, "bob")
    told(ann, "RETURNED")
    assert (ann.allocation.state, ann.is_late) == (AllocationState.COMPLETED, False)
    assert ann.assignments.exists()
    consenting(study, "carl")
    assert sorted(held(study)) == [1, 2]  # two cells: ann's work is in one of them
    assert prove_choices(study) == 3


def test_the_ledger_goes_on_naming_it(study: Study) -> None:
    ann = completed(consenting(study, "ann"))
    told(ann, "RETURNED")
    assert compare(study, timezone.now()).differences == {ann.submission.pk: ("returned",)}


def test_a_return_that_is_taken_back_takes_its_place_again(study: Study) -> None:
    ann = completed(consenting(study, "ann"))
    consenting(study, "bob")
    told(ann, "RETURNED")
    consenting(study, "carl")
    told(ann, "AWAITING REVIEW", minutes=1)
    assert taken(study).count() == QUOTA + 1
    with pytest.raises(StudyFull):
        arrive(study, "dora")


def test_whoever_holds_a_place_still_gets_to_its_page(study: Study) -> None:
    ann = consenting(study, "ann")
    consenting(study, "bob")
    told(ann, "RETURNED")
    consenting(study, "carl")
    completed(ann)  # what is done is taken in, however late
    assert ann.is_late
