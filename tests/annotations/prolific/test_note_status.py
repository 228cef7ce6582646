"""What Prolific says of a submission, taken in once and in any order."""

import datetime as dt

import pytest

from annotations.log import identities
from annotations.models import AllocationState, Event, IdentityKey, Submission, event_kinds
from annotations.prolific import submissions
from annotations.prolific.submissions import Effect, Source, StatusReport, ids_of, note_status
from annotations.prolific_client.statuses import PLACE_FREED
from tests.support import actors
from tests.support.prolific_steps import arrive, ids, put_on_prolific, submission_of

T = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def study(open_study, prolific):
    return put_on_prolific(open_study, prolific)


def at(minute):
    return T + dt.timedelta(minutes=minute)


def note(study, status, minute, name="anna", **more):
    return note_status(study, StatusReport(status, at(minute), Source.WEBHOOK, **more), ids=ids(name, study))


def test_a_submission_that_was_never_seen_here_is_made_with_its_ids_sealed(study):
    assert note(study, "RESERVED", 0) == Effect.APPLIED
    row = Submission.objects.get()
    assert (row.status, row.status_changed_at, row.session) == ("RESERVED", at(0), None)
    assert ids_of(row) == ids("anna", study)
    assert b"anna" not in bytes(row.sealed_ids)


def test_who_comes_later_finds_the_submission(study):
    note(study, "ACTIVE", 0)
    session = arrive(study, "anna")
    assert Submission.objects.get().session == session


def test_a_visit_that_is_there_already_is_tied_to_it(study):
    session = arrive(study, "anna")
    note(study, "ACTIVE", 0)
    assert Submission.objects.get().session == session


def test_the_newest_stands(study):
    note(study, "AWAITING REVIEW", 5)
    assert note(study, "ACTIVE", 1) == Effect.OLDER
    row = Submission.objects.get()
    assert (row.status, row.seen_at) == ("AWAITING REVIEW", at(5))


def test_at_the_same_moment_the_later_step_stands(study):
    note(study, "AWAITING REVIEW", 5)
    note(study, "ACTIVE", 5)
    assert Submission.objects.get().status == "AWAITING REVIEW"


def test_since_when_it_is_so_does_not_move_with_every_poll(study):
    note(study, "ACTIVE", 1)
    note(study, "ACTIVE", 6)
    row = Submission.objects.get()
    assert (row.status_changed_at, row.seen_at) == (at(1), at(6))


@pytest.mark.parametrize(("word", "kept"), [("timed_out", "TIMED-OUT"), ("Awaiting Review", "AWAITING REVIEW")])
def test_other_spellings_are_one_status(study, word, kept):
    note(study, word, 0)
    assert Submission.objects.get().status == kept


def test_an_unknown_status_is_kept(study):
    note(study, "UNDER OBSERVATION", 0)
    assert Submission.objects.get().status == "UNDER OBSERVATION"


@pytest.mark.parametrize(("status", "reason"), list(PLACE_FREED.items()))
def test_a_place_that_prolific_gave_away_is_free_and_the_data_stay(study, status, reason):
    session = arrive(study, "anna")
    note(study, "ACTIVE", 0)
    assert session.allocation.state == AllocationState.LIVE
    note(study, status, 5)
    session.refresh_from_db()
    session.allocation.refresh_from_db()
    assert (session.allocation.state, session.allocation.release_reason) == (AllocationState.RELEASED, reason)
    assert session.assignments.count() == 1 and session.stage == "tasks"


def test_it_is_free_even_if_something_newer_came_first(study):
    session = arrive(study, "anna")
    note(study, "AWAITING REVIEW", 9)
    assert note(study, "TIMED-OUT", 5) == Effect.OLDER
    session.allocation.refresh_from_db()
    assert session.allocation.state == AllocationState.RELEASED
    assert Submission.objects.get().status == "AWAITING REVIEW"


def test_a_change_is_an_event_and_a_repetition_is_none(study):
    session = arrive(study, "anna")
    note(study, "ACTIVE", 0)
    note(study, "ACTIVE", 3)
    note(study, "RETURNED", 5)
    note(study, "ACTIVE", 1)
    told = list(Event.objects.filter(kind=event_kinds.SUBMISSION_STATUS).order_by("id"))
    assert [event.payload["status"] for event in told] == ["ACTIVE", "RETURNED"]
    assert {event.session for event in told} == {session}
    assert told[1].payload["before"] == "ACTIVE" and told[1].payload["source"] == "webhook"
    assert "anna" not in str([event.payload for event in told])


def test_facts_are_kept_and_late_ones_only_fill_in(study):
    note(study, "AWAITING REVIEW", 5, facts={"started_at": at(0), "entered_code": "NEW", "reward_cents": 150})
    note(study, "ACTIVE", 1, facts={"completed_at": at(4), "entered_code": "OLD"})
    row = Submission.objects.get()
    assert (row.started_at, row.completed_at, row.entered_code, row.reward_cents) == (at(0), at(4), "NEW", 150)


def test_a_submission_that_somebody_else_came_with_is_flagged(study):
    arrive(study, "anna")
    note_status(study, StatusReport("ACTIVE", at(0), Source.POLL), ids=ids("anna", study))
    assert not submission_of(study, "anna").is_of_another
    whose = ids("anna", study)._replace(participant="bert-person")
    note_status(study, StatusReport("ACTIVE", at(1), Source.POLL), ids=whose)
    here = submission_of(study, "anna")
    assert here.is_of_another and ids_of(here) == ids("anna", study)


def test_nothing_ties_an_erased_person_to_a_submission_again(study):
    arrive(study, "anna")
    row = submission_of(study, "anna")
    identities.destroy(study, row.pseudonym)
    Submission.objects.filter(pk=row.pk).update(sealed_ids=None)
    note(study, "APPROVED", 5)
    row.refresh_from_db()
    assert (row.status, row.sealed_ids, row.is_of_another) == ("APPROVED", None, False)
    assert not IdentityKey.objects.filter(study=study, pseudonym=row.pseudonym).exists()


def test_a_submission_of_an_erased_person_is_not_stored_again(study):
    note(study, "ACTIVE", 0)
    row = Submission.objects.get()
    submissions.store_never_again(study, [row.submission_key] * 2)
    row.delete()
    assert note(study, "APPROVED", 5) == Effect.FORGOTTEN
    assert not Submission.objects.exists()
    assert note(study, "APPROVED", 5, name="bert") == Effect.APPLIED


def test_the_log_names_a_submission_by_a_number_that_leads_nowhere(study):
    arrive(study, "anna")
    note(study, "ACTIVE", 0)
    row = submission_of(study, "anna")
    told = Event.objects.get(kind=event_kinds.SUBMISSION_STATUS).payload
    assert told["submission"] == row.pk
    assert row.submission_key not in str(told) and row.pseudonym not in str(told)


def test_two_studies_know_one_submission_under_names_of_their_own(study, base_model, prolific):
    other = put_on_prolific(actors.open_study(actors.create_study(base_model, slug="other")), prolific, "other-there")
    note(study, "ACTIVE", 0)
    note(other, "ACTIVE", 0)
    first, second = Submission.objects.order_by("id")
    assert first.submission_key != second.submission_key
    assert submissions.find("anna-visit") in {first, second}
    assert submissions.find("nobody") is None and submissions.find("no id at all!") is None


def test_something_must_say_which_submission(study):
    with pytest.raises(ValueError, match="give either the submission"):
        note_status(study, StatusReport("ACTIVE", T, Source.POLL))
