"""Fifty people who sign in at once, over HTTP: the memory for hashes stays bounded and the site goes on."""

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import argon2
import httpx2
import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from redis import Redis

from annotations.staff.password_hashing import AT_ONCE
from tests.support.actor_fixtures import COORDINATOR_PASSWORD

N_PEOPLE = 50


@pytest.fixture
def most_at_once(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many hashes were computed at once, at most."""
    seen, lock, compute = Counter(now=0, most=0, all=0), threading.Lock(), argon2.low_level.hash_secret

    def counted(*args: Any, **kwargs: Any) -> bytes:
        with lock:
            seen["now"] += 1
            seen["all"] += 1
            seen["most"] = max(seen["most"], seen["now"])
        try:
            return compute(*args, **kwargs)
        finally:
            with lock:
                seen["now"] -= 1

    monkeypatch.setattr(argon2.low_level, "hash_secret", counted)
    return seen


def test_unknown_names_get_few_hashes_at_once_and_the_coordinator_still_signs_in(
    live_server: LiveServer, coordinator: User, most_at_once: Counter[str], settings
) -> None:
    Redis.from_url(settings.REDIS_URL).delete("clarify:salt")  # nothing was counted before
    address = f"{live_server.url}/admin/login/"
    # Each request has a connection of its own: none is taken up again just as the server closes it.
    with httpx2.Client(timeout=30, limits=httpx2.Limits(max_keepalive_connections=0)) as http:
        token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', http.get(address).text)
        assert token

        def sign_in(name: str, password: str) -> httpx2.Response:
            form = {"username": name, "password": password, "csrfmiddlewaretoken": token[1]}
            return http.post(address, data=form)

        with ThreadPoolExecutor(N_PEOPLE) as people:
            answers = list(people.map(lambda i: sign_in(f"nobody-{i}", "a guess"), range(N_PEOPLE)))
        assert most_at_once["most"] <= AT_ONCE
        assert {answer.status_code for answer in answers} <= {200, 429, 503}
        refused = [answer for answer in answers if answer.status_code != 200]
        assert refused and all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
        assert len(answers) - len(refused) == most_at_once["all"]
        assert sign_in("coordinator", COORDINATOR_PASSWORD).status_code == 302
