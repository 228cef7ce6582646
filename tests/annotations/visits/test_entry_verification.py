"""How sure it is that a person comes from Prolific, against a Prolific of the test's own."""

import datetime as dt
from typing import Any

import pytest

from annotations.base.service_errors import EntryNotVerified
from annotations.models import AnnotationSession, EntryVerification, Study
from annotations.visits import sessions
from tests.fake_prolific import FakeProlific, link_signer
from tests.fake_prolific.server import KEY

LINK: dict[str, Any] = {"participant_id": "5f1b", "study_id": "64a0", "session_id": "77c2"}
MATCHING = {"workspace_id": "workspace-1", "participant_id": "5f1b", "study_id": "64a0"}


def token(submission_id: str = "77c2", **claims: Any) -> str:
    return link_signer.token(KEY, submission_id=submission_id, **{"audience": "testserver", **claims})


def expired() -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)


@pytest.fixture
def strict(open_study: Study) -> Study:
    open_study.only_verified = True
    open_study.save()
    return open_study


def test_a_signed_link_is_the_surest(open_study: Study, prolific: FakeProlific) -> None:
    assert sessions.enter(open_study, **LINK, token=token(prolific=MATCHING)).verification == EntryVerification.SIGNED
    assert not [path for path in prolific.paths() if "submissions" in path]  # nothing is left to be asked


def test_a_signed_link_need_not_name_more_than_the_submission(open_study: Study, prolific: FakeProlific) -> None:
    assert sessions.enter(open_study, **LINK, token=token()).verification == EntryVerification.SIGNED


@pytest.mark.parametrize("there", [("64a0", "another"), ("elsewhere", "5f1b")], ids=["participant", "study"])
def test_a_signed_link_that_does_not_say_whose_it_is_proves_nothing_of_anothers_submission(
    open_study: Study, prolific: FakeProlific, there: tuple[str, str]
) -> None:
    study_id, participant_id = there
    prolific.add_study(study_id)
    prolific.add_submission(study_id, participant_id, "77c2")
    assert sessions.enter(open_study, **LINK, token=token()).verification == EntryVerification.UNVERIFIED


@pytest.mark.parametrize(
    "signed",
    [
        {"submission_id": "another"},
        {"prolific": {**MATCHING, "participant_id": "another"}},
        {"prolific": {**MATCHING, "study_id": "another"}},
    ],
    ids=["submission", "participant", "study"],
)
def test_a_link_that_was_signed_for_somebody_else_is_refused(
    open_study: Study, prolific: FakeProlific, signed: dict[str, Any]
) -> None:
    with pytest.raises(EntryNotVerified):
        sessions.enter(open_study, **LINK, token=token(**signed))
    assert not AnnotationSession.objects.exists()


@pytest.mark.parametrize("worthless", ["", "no.token.at-all", "expired", "elsewhere", "unsigned"])
def test_a_token_that_proves_nothing_is_as_good_as_none(
    open_study: Study, prolific: FakeProlific, worthless: str
) -> None:
    made = {
        "expired": lambda: token(exp=expired()),
        "elsewhere": lambda: token(audience="another.example"),
        "unsigned": lambda: token().rsplit(".", 1)[0] + ".",
    }
    given = made.get(worthless, lambda: worthless)()
    assert sessions.enter(open_study, **LINK, token=given).verification == EntryVerification.UNVERIFIED


def test_prolifics_api_confirms_a_plain_link(open_study: Study, prolific: FakeProlific) -> None:
    prolific.add_study("64a0")
    prolific.add_submission("64a0", "5f1b", "77c2")
    assert sessions.enter(open_study, **LINK).verification == EntryVerification.CONFIRMED


def test_a_submission_of_another_person_confirms_nothing(open_study: Study, prolific: FakeProlific) -> None:
    prolific.add_study("64a0")
    prolific.add_submission("64a0", "another", "77c2")
    assert sessions.enter(open_study, **LINK).verification == EntryVerification.UNVERIFIED


def test_without_a_token_for_the_api_entries_are_flagged_and_let_in(open_study: Study) -> None:
    assert sessions.enter(open_study, **LINK).verification == EntryVerification.UNVERIFIED


def test_a_study_may_refuse_the_unverified(strict: Study, prolific: FakeProlific) -> None:
    with pytest.raises(EntryNotVerified, match="open the study again from Prolific"):
        sessions.enter(strict, **LINK)
    assert sessions.enter(strict, **LINK, token=token()).verification == EntryVerification.SIGNED


def test_a_visit_that_exists_goes_on_and_keeps_its_tier(strict: Study, prolific: FakeProlific) -> None:
    begun = sessions.enter(strict, **LINK, token=token())
    again = sessions.enter(strict, **LINK, token=token(exp=expired()))
    assert (again, again.verification) == (begun, EntryVerification.SIGNED)
