"""Every route answers every kind of person as the matrix says; a route that is not in the matrix fails."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from annotations.pages.middleware import MAX_IDLE_S, SEEN_AT
from annotations.staff import access_tokens
from tests.access.answers import ANONYMOUS, EVERYBODY, OPERATOR, STAFF, Answers, answer_of
from tests.access.matrix import API, MATRIX
from tests.access.world import World
from tests.support.undone import undone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_snapshot")]


def _routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, path)
        else:
            yield path


def test_every_route_is_in_the_matrix_and_no_other() -> None:
    routes = set(_routes(get_resolver().url_patterns))
    assert sorted(routes - set(MATRIX)) == [], "give each of these a line in tests/access/matrix.py"
    assert sorted(set(MATRIX) - routes) == [], "these are gone"


@pytest.mark.parametrize("path", MATRIX)
def test_a_route_answers_each_kind_of_person_as_it_should(world: World, path: str) -> None:
    line = MATRIX[path]
    address = world.address(path, line.given)
    asked = {"GET": line.get, "POST": line.post}
    assert any(asked.values()), "a line without answers checks nothing"
    for method, expected in asked.items():
        if expected is not None:
            assert _answers(world, method, address) == expected, f"{method} {address}"


def test_a_token_reads_what_its_person_reads_and_opens_nothing_else(world: World) -> None:
    for person in STAFF:
        user: Any = User.objects.get(pk=world.clients[person].session["_auth_user_id"])
        user.is_verified = lambda: False  # by password alone
        with undone():
            _, token = access_tokens.create(user, name="notebook", days=30)
            for path, line in MATRIX.items():
                if line.get is None:
                    continue
                program: Any = Client(headers={"Authorization": f"Bearer {token}"})
                address, expected = world.address(path, line.given), line.get[person if path in API else ANONYMOUS]
                with undone():
                    assert answer_of(program.get(address)) == expected, f"{person} {address}"


def test_a_session_of_the_staff_that_was_idle_for_twelve_hours_opens_nothing(world: World) -> None:
    session = world.clients[OPERATOR].session
    with undone():
        session[SEEN_AT] = int(time.time()) - MAX_IDLE_S - 60
        session.save()
        assert _opened_beyond_anonymous(world, OPERATOR) == []


def test_without_the_second_step_nothing_of_the_staffs_opens_but_its_page(world: World, settings) -> None:
    settings.REQUIRE_TWO_FACTOR = True
    page = "/admin/two-factor/"
    step = [f"GET {page}", f"POST {page}", f"POST {page}passkeys/use/begin/", f"POST {page}passkeys/use/"]
    assert _opened_beyond_anonymous(world, OPERATOR) == step


def _opened_beyond_anonymous(world: World, person: str) -> list[str]:
    """The addresses at which somebody gets another answer than a person whom nobody knows."""
    client: Any = world.clients[person]
    found = []
    for path, line in MATRIX.items():
        address = world.address(path, line.given)
        for method, expected in (("GET", line.get), ("POST", line.post)):
            if expected is not None:
                cookies = client.cookies.copy()
                with undone():
                    answer = answer_of(client.generic(method, address))
                client.cookies = cookies
                if answer != expected[ANONYMOUS]:
                    found.append(f"{method} {address}")
    return found


def _answers(world: World, method: str, address: str) -> Answers:
    """Ask as everybody; what an asker does is undone before the next one asks."""
    answers = {}
    for person in EVERYBODY:
        client: Any = world.clients[person]
        cookies = client.cookies.copy()
        with undone():
            answers[person] = answer_of(client.get(address) if method == "GET" else client.post(address))
        client.cookies = cookies
    return answers
