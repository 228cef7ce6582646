"""Each call against the fake: the payload that it sends, and what it makes of the answer."""

import datetime as dt
import logging

import pytest

from annotations.prolific_client.client import Prolific, bonus_lines, units
from annotations.prolific_client.prolific_errors import (
    Busy,
    NoAnswer,
    NotFound,
    Patience,
    ProlificError,
    Refused,
    ServerFault,
    TokenRefused,
    UnexpectedAnswer,
    Unreachable,
)
from tests.fake_prolific.server import FakeProlific, Trouble

REASON = "You answered every question in under a second, and none of the phrases describes anything that can be seen."


@pytest.fixture
def fake():
    with FakeProlific() as fake:
        fake.add_study("study-a")
        yield fake


@pytest.fixture
def waits():
    return []


@pytest.fixture
def client(fake, waits):
    """Waits for nothing; `waits` holds what it would have waited for, with the greatest jitter."""
    patience = Patience(4, 1.0, 1.0, base=0.5, max_wait=8.0, sleep=waits.append, uniform=lambda low, high: high)
    client = Prolific(fake.token, api=fake.api, patience=patience)
    yield client
    client.close()


# -- Submissions -------------------------------------------------------------------------------------------------------
def test_the_detail_of_a_submission_names_the_participant_and_the_study(fake, client):
    fake.add_submission("study-a", "anna", "s1", "AWAITING REVIEW", entered_code="C0DE1234", reward=175)
    remote = client.submission("s1")
    assert (remote.submission_id, remote.participant_id, remote.study_id) == ("s1", "anna", "study-a")
    assert (remote.status, remote.entered_code, remote.reward_cents) == ("AWAITING REVIEW", "C0DE1234", 175)
    assert remote.told_at == fake.clerk.now
    assert fake.calls[-1].path == "/submissions/s1/"


def test_the_list_names_the_participant_otherwise_and_is_read_all_the_same(fake, client):
    fake.add_submission("study-a", "anna", "s1")
    (remote,) = client.submissions("study-a")
    assert (remote.participant_id, remote.study_id, remote.status) == ("anna", "", "ACTIVE")


@pytest.mark.parametrize("n", [0, 1, 19, 20, 21, 60, 61])
def test_every_page_is_followed(fake, client, n):
    for i in range(n):
        fake.add_submission("study-a", f"p{i}", f"s{i}")
    fake.add_study("study-b")
    fake.add_submission("study-b", "other", "other")
    assert [remote.submission_id for remote in client.submissions("study-a")] == [f"s{i}" for i in range(n)]
    asked = [call.query for call in fake.calls]
    assert asked[0] == {"study": "study-a", "ordering": "started_at", "page": "1"}
    assert [query["page"] for query in asked] == [str(i + 1) for i in range(max(1, -(-n // 20)))]


def test_a_page_past_the_end_is_the_end(fake, client):
    """The last of a full page goes away while the page is read: the next one is empty, which is a 404."""
    for i in range(21):
        fake.add_submission("study-a", f"p{i}", f"s{i}")
    pages = client.submissions("study-a")
    first = [next(pages).submission_id for _ in range(20)]
    del fake.clerk.submissions["s20"]
    assert len(first) == 20 and list(pages) == []


def test_an_unknown_study_is_no_empty_one(client):
    with pytest.raises(NotFound):
        list(client.submissions("no-such-study"))


def test_an_unknown_status_is_kept_as_it_came(fake, client):
    fake.add_submission("study-a", "anna", "s1", "ON HOLD FOR AUDIT")
    assert client.submission("s1").status == "ON HOLD FOR AUDIT"


@pytest.mark.parametrize(
    ("act", "before", "after", "extra"),
    [
        ("APPROVE", "AWAITING REVIEW", "APPROVED", {}),
        ("REJECT", "AWAITING REVIEW", "REJECTED", {"message": REASON, "rejection_category": "LOW_EFFORT"}),
        ("COMPLETE", "ACTIVE", "AWAITING REVIEW", {"completion_code": "RESEARCH"}),
        ("COMPLETE", "TIMED-OUT", "AWAITING REVIEW", {"completion_code": "RESEARCH"}),
        ("RETURN", "ACTIVE", "RETURNED", {}),
        ("SCREEN_OUT", "AWAITING REVIEW", "SCREENED OUT", {}),
        ("START", "RESERVED", "ACTIVE", {}),
        ("UNREJECT", "REJECTED", "AWAITING REVIEW", {}),
        ("UNRETURN", "RETURNED", "AWAITING REVIEW", {}),
    ],
)
def test_a_transition_sends_its_action_and_what_belongs_to_it(fake, client, act, before, after, extra):
    submission = fake.add_submission("study-a", "anna", "s1", before)
    client.transition("s1", act, **extra)
    assert submission.status == after
    assert fake.calls[-1].body == {"action": act, **extra}
    assert fake.calls[-1].path == "/submissions/s1/transition/"


def test_what_prolific_says_against_it_is_told_without_ids(fake, client):
    fake.add_submission("study-a", "anna", "s1-of-anna", "ACTIVE")
    with pytest.raises(Refused, match="cannot go from ACTIVE to APPROVED") as refusal:
        client.transition("s1-of-anna", "APPROVE")
    assert "s1-of-anna" not in str(refusal.value)
    with pytest.raises(Refused, match="message: Ensure this field has at least 100 characters"):
        client.transition("s1-of-anna", "REJECT", message="no", rejection_category="OTHER")


def test_many_are_approved_in_one_call_and_some_time_later(fake, client):
    people = [fake.add_submission("study-a", f"p{i}", f"s{i}", "AWAITING REVIEW") for i in range(3)]
    client.bulk_approve(["s0", "s1", "s2"])
    assert fake.calls[-1].body == {"submission_ids": ["s0", "s1", "s2"]}
    assert {person.status for person in people} == {"AWAITING REVIEW"}
    fake.clerk.run_jobs()
    assert {person.status for person in people} == {"APPROVED"}


def test_a_return_is_asked_for_with_reasons(fake, client):
    fake.add_submission("study-a", "anna", "s1", "AWAITING REVIEW")
    client.request_return("s1", ["No phrases were entered."])
    assert fake.calls[-1].body == {"request_return_reasons": ["No phrases were entered."]}
    assert client.submission("s1").return_requested


# -- Money -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cents", "written"), [(1, "0.01"), (10, "0.10"), (150, "1.50"), (115, "1.15"), (2**60 + 1, "11529215046068469.77")]
)
def test_hundredths_become_units_exactly(cents, written):
    assert units(cents) == written


@pytest.mark.parametrize("cents", [0, -1])
def test_nothing_is_no_bonus(cents):
    with pytest.raises(ValueError, match="at least 1 cent"):
        bonus_lines([("anna", cents)])


def test_bonuses_are_set_up_and_then_paid(fake, client):
    fake.add_submission("study-a", "anna", "s1", "APPROVED")
    fake.add_submission("study-a", "bert", "s2", "APPROVED")
    request = client.create_bonuses("study-a", [("anna", 150), ("s2", 5)])
    assert fake.calls[-1].path == "/submissions/bonus-payments/"
    assert fake.calls[-1].body == {"study_id": "study-a", "csv_bonuses": "anna,1.50\ns2,0.05"}
    client.pay_bonuses(request)
    assert fake.calls[-1].path == f"/bulk-bonus-payments/{request}/pay/"
    fake.clerk.run_jobs()
    assert fake.clerk.bonus_requests[request].state == "PAID"


def test_a_second_bonus_request_is_refused_while_one_is_under_way(fake, client):
    fake.add_submission("study-a", "anna", "s1", "APPROVED")
    client.create_bonuses("study-a", [("anna", 150)])
    with pytest.raises(Refused, match="already a bonus request in progress"):
        client.create_bonuses("study-a", [("anna", 150)])


# -- Studies, messages, webhooks ---------------------------------------------------------------------------------------
def test_a_study_is_read_with_its_codes(client):
    study = client.study("study-a")
    assert [(code.code, code.actor, code.actions) for code in study.completion_codes] == [
        ("C0DE1234", "participant", ("MANUALLY_REVIEW",)),
        ("RESEARCH", "researcher", ("MANUALLY_REVIEW",)),
    ]
    assert (study.status, study.places) == ("ACTIVE", None)


def test_a_study_is_paused_and_started_again(fake, client):
    for act, status in (("PAUSE", "PAUSED"), ("START", "ACTIVE")):
        client.transition_study("study-a", act)
        assert (fake.calls[-1].body, client.study("study-a").status) == ({"action": act}, status)
    with pytest.raises(Refused, match="cannot go from ACTIVE"):
        client.transition_study("study-a", "START")


def test_a_message_names_whom_and_in_which_study(fake, client):
    fake.add_submission("study-a", "anna", "s1")
    client.send_message("anna", "study-a", "Thank you!")
    assert fake.clerk.messages == [{"recipient_id": "anna", "study_id": "study-a", "body": "Thank you!"}]


def test_a_hook_is_set_up_and_confirmed(fake, client):
    assert client.has_hook_secret("workspace-1")
    assert client.create_hook_secret("workspace-1") == fake.hook_secret
    client.subscribe("workspace-1", "submission.status.change", "https://site.example/prolific/webhook")
    (listed,) = client.hook_subscriptions("workspace-1")
    assert listed.is_enabled and listed.target_url == "https://site.example/prolific/webhook"


# -- Trouble -----------------------------------------------------------------------------------------------------------
def test_a_busy_prolific_is_waited_for_with_growing_jitter(fake, client, waits):
    fake.add_submission("study-a", "anna", "s1")
    fake.meet(Trouble(429), Trouble(429), Trouble(503))
    assert client.submission("s1").participant_id == "anna"
    assert waits == [0.5, 1.0, 2.0]


def test_the_wait_that_prolific_names_is_kept(fake, client, waits):
    fake.add_submission("study-a", "anna", "s1")
    fake.meet(Trouble(429, {"Retry-After": "3"}))
    client.submission("s1")
    assert waits == [3.5]


def test_a_date_is_a_wait_too(fake, client, waits):
    fake.add_submission("study-a", "anna", "s1")
    at = (fake.clerk.now + dt.timedelta(seconds=4)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    fake.meet(Trouble(429, {"Retry-After": at}))
    client.submission("s1")
    assert waits == [4.5]


def test_a_wait_that_is_too_long_is_left_to_who_asked(fake, client, waits):
    fake.meet(Trouble(429, {"Retry-After": "600"}))
    with pytest.raises(Busy) as busy:
        client.submission("s1")
    assert (busy.value.retry_after, waits, len(fake.calls)) == (600, [], 1)


def test_it_gives_up_in_the_end(fake, client, waits):
    fake.meet(*[Trouble(500)] * 9)
    with pytest.raises(ServerFault):
        client.submission("s1")
    assert len(fake.calls) == 4 and len(waits) == 3


def test_an_act_that_may_have_been_done_is_not_repeated(fake, client):
    submission = fake.add_submission("study-a", "anna", "s1", "AWAITING REVIEW")
    fake.meet(Trouble(is_lost=True))
    with pytest.raises(NoAnswer):
        client.transition("s1", "APPROVE")
    assert submission.status == "APPROVED" and len(fake.calls) == 1
    fake.meet(Trouble(502))
    with pytest.raises(ServerFault):
        client.send_message("anna", "study-a", "Hello")
    assert len(fake.calls) == 2


def test_an_act_that_surely_was_not_done_is_repeated(fake, client):
    submission = fake.add_submission("study-a", "anna", "s1", "AWAITING REVIEW")
    fake.meet(Trouble(429))
    client.transition("s1", "APPROVE")
    assert submission.status == "APPROVED" and len(fake.calls) == 2


def test_a_slow_answer_is_no_answer(fake, waits):
    fake.add_submission("study-a", "anna", "s1")
    hurried = Prolific(fake.token, api=fake.api, patience=Patience(2, 0.2, 0.2, sleep=waits.append))
    fake.meet(Trouble(seconds=0.5), Trouble(seconds=0.5))
    with pytest.raises(NoAnswer, match="ReadTimeout"):
        hurried.submission("s1")
    fake.meet(Trouble(seconds=0.5))
    assert hurried.submission("s1").participant_id == "anna"


def test_nobody_at_home_is_unreachable(fake, waits):
    nobody = Prolific(fake.token, api="http://127.0.0.1:9/api/v1", patience=Patience(2, sleep=waits.append))
    with pytest.raises(Unreachable):
        nobody.send_message("anna", "study-a", "Hello")
    assert len(waits) == 1  # nothing was sent, so even a message is tried again


def test_a_wrong_token_is_not_tried_twice(fake):
    stranger = Prolific("another-token", api=fake.api, patience=Patience())
    with pytest.raises(TokenRefused):
        stranger.submission("s1")
    assert len(fake.calls) == 1


def test_no_redirect_is_followed(fake, client):
    fake.meet(Trouble(302, {"Location": f"{fake.api}/submissions/s1/"}))
    with pytest.raises(UnexpectedAnswer):
        client.submission("s1")
    assert len(fake.calls) == 1


def test_an_id_is_one_part_of_an_address(fake, client):
    with pytest.raises(NotFound):
        client.submission("../studies/study-a")
    assert fake.calls[-1].path == "/submissions/..%2Fstudies%2Fstudy-a/"


def test_the_token_and_the_ids_are_in_no_repr_and_no_log_and_no_exception(fake, client, caplog):
    caplog.set_level(logging.WARNING)
    fake.add_submission("study-a", "anna", "secret-submission", "ACTIVE")
    errors = []
    for trouble in (None, Trouble(500), Trouble(is_lost=True), Trouble(401)):
        if trouble:
            fake.meet(trouble)
        with pytest.raises(ProlificError) as caught:
            client.transition("secret-submission", "APPROVE")
        errors.append(caught.value)
    told = " ".join([repr(client), repr(client._transport), repr(client._transport._http.headers), caplog.text])
    for error in errors:
        assert error.__cause__ is None
        told += f" {error} {error!r}"
    assert fake.token not in told and "secret-submission" not in told
