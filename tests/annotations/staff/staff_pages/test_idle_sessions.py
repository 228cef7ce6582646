"""A session of the staff ends after twelve hours without use; participants keep theirs."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotations.pages.middleware import MAX_IDLE_S, SEEN_AT
from tests.support.actor_fixtures import COORDINATOR_PASSWORD
from tests.support.actors import Visit


def is_in(client: Client) -> bool:
    return bool(client.get("/admin/").status_code == 200)


@pytest.fixture
def later() -> Iterator[Callable[[float], None]]:
    """Lets seconds pass."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock.shift


def test_a_session_in_use_goes_on_and_an_idle_one_ends(
    coordinator_client: Client, later: Callable[[float], None]
) -> None:
    for _ in range(4):
        later(MAX_IDLE_S - 600)
        assert is_in(coordinator_client)
    later(MAX_IDLE_S + 600)
    response = coordinator_client.get("/admin/tokens/")
    assert response.headers["Location"].startswith("/admin/login/")
    later(-MAX_IDLE_S)
    assert not is_in(coordinator_client)  # it is gone from the server, too


def test_the_api_ends_it_too(coordinator_client: Client, later: Callable[[float], None]) -> None:
    assert coordinator_client.get("/api/v1/studies/").status_code == 200
    later(MAX_IDLE_S + 600)
    assert coordinator_client.get("/api/v1/studies/").status_code == 403


def test_who_signs_in_again_in_that_browser_is_in(
    coordinator: User, coordinator_client: Client, later: Callable[[float], None]
) -> None:
    assert is_in(coordinator_client)
    later(MAX_IDLE_S + 600)
    coordinator_client.post("/admin/login/", {"username": "coordinator", "password": COORDINATOR_PASSWORD})
    assert is_in(coordinator_client)


def test_use_is_noted_every_few_minutes_alone(coordinator_client: Client, later: Callable[[float], None]) -> None:
    assert is_in(coordinator_client)
    noted = coordinator_client.session[SEEN_AT]
    later(60)
    assert is_in(coordinator_client) and coordinator_client.session[SEEN_AT] == noted
    later(600)
    assert is_in(coordinator_client) and coordinator_client.session[SEEN_AT] > noted


def test_a_session_from_before_this_rule_counts_from_the_sign_in(coordinator: User, coordinator_client: Client) -> None:
    User.objects.update(last_login=timezone.now() - dt.timedelta(days=2))
    assert not is_in(coordinator_client)


def test_a_participant_keeps_the_visit(alice: Visit, later: Callable[[float], None]) -> None:
    address = f"/visit/tasks/{alice.assignment.public_id}/"
    assert alice.client.get(address).status_code == 200
    later(10 * MAX_IDLE_S)
    assert alice.client.get(address).status_code == 200
