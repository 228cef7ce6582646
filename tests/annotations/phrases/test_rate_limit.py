"""No participant sends more phrases in a minute than the setting says; without Redis nobody is held back."""

import logging
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from annotations.base.service_errors import TooFast
from annotations.models import Study
from annotations.phrases import phrase_submission
from annotations.visits import sessions
from annotations.visits import tutorial_steps as tutorial
from annotations.visits.tutorial_example import N_RIGHT
from tests.support.actors import Visit, client_of

pytestmark = pytest.mark.usefixtures("stored_alice")

MOST = 3


@pytest.fixture(autouse=True)
def _few_a_minute(settings) -> None:
    settings.PHRASES_PER_MINUTE = MOST


def page(visit: Visit) -> str:
    return f"/visit/tasks/{visit.assignment.public_id}/phrases"


def send(visit: Visit, text: str = "red", **headers: str):
    return visit.client.post(page(visit), {"client_uuid": str(uuid.uuid4()), "text": text}, headers=headers)


def test_one_too_many_is_429_beside_the_field_with_what_was_typed(alice: Visit) -> None:
    assert [send(alice, f"red {number}").status_code for number in range(MOST)] == [303] * MOST
    response = send(alice, "a fourth one")
    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= phrase_submission.WINDOW_S
    assert "That was very fast" in response.content.decode() and "a fourth one" in response.content.decode()
    assert alice.assignment.phrases.count() == MOST


def test_the_fragment_says_it_too(alice: Visit) -> None:
    for _ in range(MOST):
        send(alice)
    response = send(alice, **{"Clarify-Fragment": "1"})
    assert (response.status_code, "Retry-After" in response.headers) == (429, True)


def test_what_one_sends_holds_no_other_back(alice: Visit, bob: Visit) -> None:
    for _ in range(MOST + 1):
        send(alice)
    assert send(bob).status_code == 303


def test_a_new_visit_of_the_same_person_is_no_new_minute(alice: Visit) -> None:
    for _ in range(MOST):
        phrase_submission.check_rate_limit(alice.session)
    alice.session.pk = None
    with pytest.raises(TooFast):
        phrase_submission.check_rate_limit(alice.session)


def test_the_minute_ends(alice: Visit, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrase_submission, "WINDOW_S", 1)
    for _ in range(MOST):
        phrase_submission.check_rate_limit(alice.session)
    with pytest.raises(TooFast) as refused:
        phrase_submission.check_rate_limit(alice.session)
    assert refused.value.retry_after_s == 1
    assert 0 < Redis.from_url(settings.REDIS_URL).pttl(f"clarify:phrases:{alice.participant.pk}") <= 1000


def test_at_once_no_more_pass_than_may(alice: Visit) -> None:
    def passes(_: int) -> bool:
        try:
            phrase_submission.check_rate_limit(alice.session)
        except TooFast:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(passes, range(24))) == MOST


def test_without_redis_phrases_are_taken_and_the_log_says_so_once(
    alice: Visit, settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with caplog.at_level(logging.WARNING, "annotations.base.redis_counters"):
        assert [send(alice).status_code for _ in range(MOST + 2)] == [303] * (MOST + 2)
    assert len(caplog.records) == 1


def test_the_example_of_the_tutorial_is_held_to_it_too(open_study: Study) -> None:
    session = sessions.enter(open_study, participant_id="carol", study_id="s", session_id="v")
    sessions.give_consent(session)
    tutorial.look(session, N_RIGHT)
    browser = client_of(session)
    codes = [
        browser.post("/visit/tutorial/phrases", {"client_uuid": str(uuid.uuid4()), "text": "red"}).status_code
        for _ in range(MOST + 1)
    ]
    assert codes == [303] * MOST + [429]
