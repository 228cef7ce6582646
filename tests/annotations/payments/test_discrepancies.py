"""Each way in which our records and Prolific's can differ is named, and agreement is not."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.payments.discrepancies import REPAIR_WORDS, WORDS, Case, Discrepancy, Sides, discrepancies
from annotations.prolific_client.statuses import KNOWN

NOW = timezone.now()
CODES = {"completed": "DONE", "no_consent": "NO", "failed_check": "FAILED", "researcher": "RESEARCH"}
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TOLD = {"seen_at": NOW - HOUR, "status_changed_at": NOW - 2 * HOUR, "started_at": NOW - 3 * HOUR}
UNTOLD = Sides()


def visit(outcome, *, came=3 * HOUR, ended=2 * HOUR, is_late=False):
    """What happened in a visit; how long ago it began and ended."""
    ended_at = None if outcome == "" else NOW - ended
    return {
        "session__outcome": outcome,
        "session__created_at": NOW - came,
        "session__ended_at": ended_at,
        "session__is_late": is_late,
    }


DONE, NOT_PASSED, AT_WORK = visit("completed"), visit("failed_check"), visit("", came=HOUR)


def there(status, code="", *, days_ago=0, **fields):
    """What Prolific says; a code comes with the time at which it was handed in."""
    handed_in = {"entered_code": code, "completed_at": NOW - 2 * HOUR - days_ago * DAY} if code else {}
    return Sides(status=status, **{**TOLD, **handed_in, **fields})


def found(here, of, listed_at=NOW, n_standing=1):
    return discrepancies(Case(of._replace(**(here or {})), CODES, NOW, listed_at, n_standing))


def test_done_here_and_returned_there():
    assert found(DONE, there("RETURNED")) == (Discrepancy.RETURNED,)


def test_done_here_and_timed_out_there():
    assert found(DONE, there("TIMED-OUT")) == (Discrepancy.TIMED_OUT,)


@pytest.mark.parametrize("word", ["NOCODE", "no code"])
def test_done_here_and_handed_in_there_with_the_word_for_no_code(word):
    assert found(DONE, there("AWAITING REVIEW", word)) == (Discrepancy.NO_CODE,)


def test_done_here_and_handed_in_there_with_nothing():
    assert found(DONE, there("AWAITING REVIEW", completed_at=NOW - HOUR)) == (Discrepancy.NO_CODE,)


def test_done_here_and_still_under_way_there_once_the_redirect_had_its_time():
    assert found(DONE, there("ACTIVE")) == (Discrepancy.NO_CODE,)
    just_now = visit("completed", came=HOUR, ended=dt.timedelta(minutes=1))
    assert found(just_now, there("ACTIVE")) == ()


def test_a_webhook_that_told_the_status_alone_is_no_missing_code():
    assert found(DONE, there("AWAITING REVIEW")) == ()


@pytest.mark.parametrize("status", ["AWAITING REVIEW", "APPROVED"])
def test_a_code_there_and_not_done_here(status):
    assert found(AT_WORK, there(status, "DONE")) == (Discrepancy.NOT_DONE,)
    assert found(NOT_PASSED, there(status, "DONE")) == (Discrepancy.NOT_DONE,)


def test_another_outcome_with_its_own_code_agrees():
    assert found(NOT_PASSED, there("AWAITING REVIEW", "FAILED")) == ()


def test_who_withdrew_after_handing_in_is_not_chased():
    withdrawn = visit("withdrawn", came=HOUR, ended=0 * HOUR)
    assert found(withdrawn, there("APPROVED", "DONE")) == ()


def test_here_and_missing_there_once_prolific_told_of_all_others():
    assert found(DONE, UNTOLD, listed_at=NOW) == (Discrepancy.MISSING,)
    assert found(DONE, UNTOLD, listed_at=None) == ()
    assert found(DONE, UNTOLD, listed_at=DONE["session__created_at"]) == ()


def test_there_and_never_came_here():
    assert found(None, there("AWAITING REVIEW", "DONE")) == (Discrepancy.NEVER_CAME,)
    assert found(None, there("ACTIVE")) == (Discrepancy.NEVER_CAME,)
    assert found(None, there("ACTIVE", started_at=NOW - dt.timedelta(minutes=2))) == ()


@pytest.mark.parametrize("status", ["RETURNED", "TIMED-OUT", "REJECTED", "SCREENED OUT"])
def test_who_never_came_and_is_gone_there_too_needs_nothing(status):
    assert found(None, there(status)) == ()


def test_two_submissions_of_one_person():
    assert found(DONE, there("APPROVED", "DONE"), n_standing=2) == (Discrepancy.TWICE,)
    assert found(DONE, there("APPROVED", "DONE"), n_standing=1) == ()


def test_a_submission_that_was_returned_before_a_second_one_is_no_double():
    assert found(AT_WORK, there("RETURNED"), n_standing=1) == ()


def test_a_wrong_code():
    assert found(DONE, there("AWAITING REVIEW", "GUESS")) == (Discrepancy.WRONG_CODE,)
    assert found(DONE, there("AWAITING REVIEW", "FAILED")) == (Discrepancy.WRONG_CODE,)
    assert Discrepancy.WRONG_CODE in found(AT_WORK, there("AWAITING REVIEW", "GUESS"))


def test_the_researchers_code_completes_what_was_done():
    assert found(DONE, there("AWAITING REVIEW", "RESEARCH")) == ()


def test_late():
    late = visit("completed", is_late=True)
    assert found(late, there("APPROVED", "DONE")) == (Discrepancy.LATE,)


@pytest.mark.parametrize(("days", "names"), [(13, ()), (15, (Discrepancy.REVIEW_DUE,))])
def test_awaiting_review_for_too_long(days, names):
    assert found(DONE, there("AWAITING REVIEW", "DONE", days_ago=days)) == names


def test_what_was_approved_long_ago_awaits_nothing():
    assert found(DONE, there("APPROVED", "DONE", days_ago=30)) == ()


def test_an_unknown_status():
    assert found(AT_WORK, there("ON HOLD")) == (Discrepancy.UNKNOWN_STATUS,)


def test_another_persons_submission():
    assert found(DONE, there("APPROVED", "DONE", is_of_another=True)) == (Discrepancy.OTHER_PERSON,)


@pytest.mark.parametrize("status", ["RESERVED", "ACTIVE"])
def test_at_work_here_and_there_agrees(status):
    assert found(AT_WORK, there(status)) == ()


def test_done_and_approved_agrees():
    assert found(DONE, there("APPROVED", "DONE")) == ()


def test_without_any_word_from_prolific_nothing_differs():
    assert found(DONE, UNTOLD, listed_at=None) == ()
    assert found(AT_WORK, UNTOLD, listed_at=None) == ()


def test_every_status_of_every_visit_has_an_answer():
    for status in (*KNOWN, "", "NEW WORD"):
        for here in (None, DONE, AT_WORK, NOT_PASSED):
            assert set(found(here, there(status))) <= set(Discrepancy)


def test_each_discrepancy_has_words_and_repairs_that_exist():
    assert set(WORDS) == set(Discrepancy)
    assert all(words.repairs and set(words.repairs) <= set(REPAIR_WORDS) for words in WORDS.values())
