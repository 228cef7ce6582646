"""People who are invented: a script makes up links' ids. It takes few places, holds none for long, and no others'.

Over HTTP, as the script does it. Signed links, Prolific's word and simulated people are asked for nothing.
"""

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from annotations.allocation import places
from annotations.log.replay import differences, replay
from annotations.models import Allocation, AllocationState, AnnotationSession, BaseModel, EntryVerification, Study, Task
from annotations.visits import preview_links
from annotations.visits.tutorial_example import N_RIGHT
from tests.fake_prolific import FakeProlific
from tests.support import actors
from tests.support.actors import RIGHT_ANSWERS, as_numbered
from tests.support.logged import stored
from tests.support.views_pages import one, shown

HERE, NEIGHBOUR, ELSEWHERE = "203.0.113.7", "203.0.113.99", "198.51.100.7"
AT_MOST = 3  # starts from one network


@pytest.fixture(autouse=True)
def _few_from_one_network(settings) -> None:
    settings.UNVERIFIED_STARTS_PER_NETWORK = AT_MOST


@pytest.fixture
def study(base_model: BaseModel) -> Study:
    """Ten places, one task of one phrase."""
    draft = actors.create_study(base_model, quota=10)
    Task.objects.update(max_phrases=1)
    return actors.open_study(draft)


def ids(name: str) -> dict[str, str]:
    return {"PROLIFIC_PID": name, "STUDY_ID": "study", "SESSION_ID": f"{name}-visit"}


def browser(address: str = HERE) -> Client:
    return Client(REMOTE_ADDR=address)


def started(study: Study, name: str, client: Client) -> int:
    return client.post(f"/study/{study.slug}/start", ids(name)).status_code


def consenting(study: Study, name: str, address: str) -> tuple[Client, int]:
    client = browser(address)
    assert started(study, name, client) == 303
    return client, client.post("/visit/consent", {"agree": "yes"}).status_code


def completed(study: Study, name: str, address: str = HERE) -> bool:
    """Whether a script has the completion code, without looking at a page but for the check."""
    client, consented = browser(address), 0
    if started(study, name, client) == 303:
        consented = client.post("/visit/consent", {"agree": "yes"}).status_code
    if consented != 303:
        return False
    client.post("/visit/tutorial/look", {"picture": N_RIGHT})
    for text in ("stripes", "large stripes"):
        client.post("/visit/tutorial/phrases", {"client_uuid": uuid.uuid4(), "text": text})
    client.post("/visit/tutorial")
    session = AnnotationSession.objects.latest("pk")
    client.post("/visit/check", {**as_numbered(session, RIGHT_ANSWERS), "client_uuid": uuid.uuid4()})
    task = client.get("/visit/", follow=True).redirect_chain[-1][0]
    client.post(f"{task}begin")
    client.post(f"{task}phrases", {"client_uuid": uuid.uuid4(), "text": "red"})
    client.post(f"{task}done")
    return study.completion_code in client.post("/visit/end", follow=True).content.decode()


def test_ten_invented_people_do_not_take_ten_places(study: Study) -> None:
    assert [completed(study, f"bot-{n}") for n in range(10)] == [True] * AT_MOST + [False] * 7
    assert Allocation.objects.count() == AnnotationSession.objects.count() == AT_MOST


def test_a_refused_start_says_what_to_do_and_stores_nothing(study: Study) -> None:
    for n in range(AT_MOST):
        started(study, f"bot-{n}", browser())
    response = browser(NEIGHBOUR).post(f"/study/{study.slug}/start", ids("bot-3"))
    assert response.status_code == 429
    assert "Nobody new from this connection" in shown(one(response, "h1"))
    assert "use the one of your phone" in shown(one(response, "main"))
    assert AnnotationSession.objects.count() == study.submissions.count() == study.participants.count() == AT_MOST


def test_other_networks_and_studies_have_their_own_budget_and_who_goes_on_needs_none(study: Study, base_model) -> None:
    other = actors.open_study(actors.create_study(base_model, "other"))
    for n in range(AT_MOST):
        started(study, f"bot-{n}", browser())
    assert started(study, "bot-3", browser()) == 429
    assert started(study, "bot-0", browser()) == 303
    assert started(study, "bot-3", browser(ELSEWHERE)) == 303
    assert started(other, "bot-0", browser()) == 303


def test_a_caller_cannot_choose_a_network(study: Study, settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    codes = [
        Client(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=f"192.0.{n}.1, {HERE}").post(
            f"/study/{study.slug}/start", ids(f"bot-{n}")
        )
        for n in range(AT_MOST + 1)
    ]
    assert [response.status_code for response in codes] == [303] * AT_MOST + [429]


def test_a_large_study_takes_a_tenth_of_its_quota_from_one_network(study: Study) -> None:
    Study.objects.update(quota=10 * (AT_MOST + 2))
    codes = [started(study, f"bot-{n}", browser()) for n in range(AT_MOST + 3)]
    assert codes == [303] * (AT_MOST + 2) + [429]


def test_start_pressed_twice_counts_once(study: Study) -> None:
    for _ in range(3):
        assert started(study, "bot-0", browser()) == 303
    assert [started(study, f"bot-{n}", browser()) for n in range(1, AT_MOST + 1)] == [303] * (AT_MOST - 1) + [429]


def test_no_address_and_no_key_of_a_network_is_stored_or_logged(study: Study, caplog) -> None:
    for n in range(AT_MOST + 1):
        started(study, f"bot-{n}", browser())
    assert "refused" in caplog.text and "203.0" not in caplog.text
    rows = str(list(AnnotationSession.objects.values())) + str(list(study.events.values()))
    assert "203.0" not in rows


def test_without_redis_people_are_let_in_and_the_database_bounds_the_places(study: Study, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert [started(study, f"bot-{n}", browser()) for n in range(AT_MOST + 2)] == [303] * (AT_MOST + 2)
    assert consenting(study, "a", HERE)[1] == consenting(study, "b", HERE)[1] == 303
    assert consenting(study, "c", HERE)[1] == 409


def test_people_whom_prolific_vouches_for_may_all_come_from_one_laboratory(
    study: Study, prolific: FakeProlific
) -> None:
    for n in range(AT_MOST + 2):
        prolific.add_submission("study", f"lab-{n}", f"lab-{n}-visit")
    assert [consenting(study, f"lab-{n}", HERE)[1] for n in range(AT_MOST + 2)] == [303] * (AT_MOST + 2)
    assert {each.verification for each in study.sessions.all()} == {EntryVerification.CONFIRMED}


def test_simulated_people_may_all_come_from_one_machine(study: Study) -> None:
    for n in range(AT_MOST + 2):
        client = browser()
        client.post(f"/study/{study.slug}/start", preview_links.simulated_parameters(study, n, 1))
        assert client.post("/visit/consent", {"agree": "yes"}).status_code == 303


# -- Places ------------------------------------------------------------------------------------------------------------


def test_unverified_people_hold_a_quarter_of_the_open_places_at_once(study: Study) -> None:
    codes = [consenting(study, f"bot-{n}", f"203.0.{n}.7")[1] for n in range(10)]
    assert codes == [303, 303, *[409] * 8]


def test_who_finds_too_many_places_held_is_asked_to_wait_and_then_goes_on(study: Study) -> None:
    Study.objects.update(quota=2)
    consenting(study, "bot-0", ELSEWHERE)
    carol = browser()
    started(study, "carol", carol)
    response = carol.post("/visit/consent", {"agree": "yes"})
    assert "wait a few minutes" in shown(one(response, "h1"))
    assert one(response, "main a.button")["href"] == "/visit/"
    places.expire(timezone.now() + dt.timedelta(minutes=6))
    assert carol.post("/visit/consent", {"agree": "yes"})["Location"] == "/visit/tutorial"


def test_who_is_verified_takes_the_places_that_unverified_people_may_not_hold(
    study: Study, prolific: FakeProlific
) -> None:
    for n in range(2):
        consenting(study, f"bot-{n}", HERE)
    for n in range(8):
        prolific.add_submission("study", f"real-{n}", f"real-{n}-visit")
        assert consenting(study, f"real-{n}", ELSEWHERE)[1] == 303
    assert Allocation.objects.filter(state=AllocationState.LIVE).count() == 10


def test_an_unverified_place_is_held_for_five_minutes_until_the_tutorial_is_done(study: Study) -> None:
    consenting(study, "bot", HERE)
    session, place = AnnotationSession.objects.get(), Allocation.objects.get()
    assert place.lease_expires_at - place.allocated_at == places.UNVERIFIED_LEASE
    actors.do_tutorial(session)
    place.refresh_from_db()
    assert place.lease_expires_at - place.allocated_at == dt.timedelta(minutes=study.lease_minutes)
    assert differences(replay(study), stored(study)) == []


def test_a_place_that_was_given_on_during_the_tutorial_stays_so(study: Study) -> None:
    consenting(study, "bot", HERE)
    assert places.expire(timezone.now() + dt.timedelta(minutes=6)) == 1
    actors.do_tutorial(AnnotationSession.objects.get())
    assert Allocation.objects.get().state == AllocationState.RELEASED


def test_a_verified_place_is_held_for_the_whole_lease_at_once(study: Study, prolific: FakeProlific) -> None:
    prolific.add_submission("study", "real", "real-visit")
    consenting(study, "real", HERE)
    place = Allocation.objects.get()
    assert place.lease_expires_at - place.allocated_at == dt.timedelta(minutes=study.lease_minutes)
