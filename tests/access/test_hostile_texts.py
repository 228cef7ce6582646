"""Texts that were made to stop the site, in each field of each form: refused, or looked at in little time.

The time is the processor's for this thread, so that a busy machine changes nothing: while it lasts, nobody else in the
process is answered, /livez included.
"""

import time
from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from bs4 import BeautifulSoup

from annotations.models.study_texts import MAX_TEXT_LENGTH
from tests.access.answers import ANONYMOUS, OPERATOR, PARTICIPANT, REACHED
from tests.access.matrix import MATRIX
from tests.access.places import Place, names_in_code, names_read, places, written_texts
from tests.access.world import World
from tests.support.undone import undone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_snapshot"), pytest.mark.timeout(900)]  # a walk

TOKEN = "a" * 32
MAX_S = 2.0
MARKS = "\u0301\u0334" * 60_000
REFUSED = {"marks": MARKS, "NUL": "red\0", "sound marks": "\uff9e\u0334" * 20_000}
LET_THROUGH = {
    "runs of thirty marks": ("a" + "\u0301\u0334" * 15) * 3_500,
    "digits": "9" * 120_000,
    "blanks": "a" + " " * 120_000 + "a",
    "signs": "(" * 40_000 + "[" * 40_000 + "," * 40_000,
    "digits within": "a" + "1" * 120_000 + "a",
}
OF_TEXT = "textarea[name], input[name][type=text], input[name][type=number], input[name][type=password]"
Form = tuple[str, str, tuple[str, ...], tuple[str, ...]]


@pytest.fixture
def forms(world: World) -> list[Form]:
    """Each form that posts: who sees it, where it leads, its fields, and those that take any text."""
    if "forms" not in world.things:
        world.things["forms"] = forms_of(world)
    found: list[Form] = world.things["forms"]
    return found


def forms_of(world: World) -> list[Form]:
    seen: dict[tuple[str, tuple[str, ...]], Form] = {}
    for path, line in MATRIX.items():
        for person in (PARTICIPANT, ANONYMOUS, OPERATOR):
            if (line.get or {}).get(person) != REACHED:
                continue
            address = world.address(path, line.given)
            page = world.clients[person].get(address)
            if page.streaming or not page["Content-Type"].startswith("text/html"):
                continue
            for form in BeautifulSoup(page.content, "html.parser").select("form[method=post]"):
                names = tuple(sorted({str(field["name"]) for field in form.select("[name]")}))
                action = str(form.get("action") or address).partition("?")[0]
                texts = tuple(sorted({str(field["name"]) for field in form.select(OF_TEXT)}))
                seen.setdefault((action, names), (person, action, names, texts))
    return list(seen.values())


@pytest.fixture
def checking(world: World) -> Iterator[World]:
    """The people, whose forms are checked for their token, as the site does."""
    for client in world.clients.values():
        client.handler.enforce_csrf_checks = True
        client.cookies["csrftoken"] = TOKEN
    yield world
    for client in world.clients.values():
        client.handler.enforce_csrf_checks = False


def post(client: Any, address: str, fields: dict[str, str]) -> tuple[int, float]:
    """Send a form; return the status and how many seconds of the processor the answer took."""
    cookies = copy(client.cookies)
    where = (
        f"{address}{'&' if '?' in address else '?'}csrfmiddlewaretoken={TOKEN}"
        if address.startswith("/admin/uploads/")
        else address
    )
    with undone():
        began = time.thread_time()
        status = client.post(where, {"csrfmiddlewaretoken": TOKEN, **fields}).status_code
        took = time.thread_time() - began
    client.cookies = cookies
    return status, took


def test_the_forms_are_found(forms: list[Form]) -> None:
    assert len(forms) > 40 and sum(len(names) for _, _, names, _ in forms) > 250
    assert {person for person, *_ in forms} >= {PARTICIPANT, OPERATOR}


def test_no_field_of_any_form_takes_what_no_text_has(checking: World, forms: list[Form]) -> None:
    for person, address, names, _ in forms:
        for number, name in enumerate(names):
            hostile = list(REFUSED.values())[number % 3] if number else MARKS
            status, took = post(checking.clients[person], address, {name: hostile})
            assert (status, took < MAX_S) == (400, True), f"{person}: {address} {name}, {took:.1f} s"


@pytest.mark.parametrize("kind", REFUSED)
def test_no_address_takes_it_as_a_field_or_as_its_name(checking: World, kind: str) -> None:
    for path, line in MATRIX.items():
        person = next((who for who in (ANONYMOUS, PARTICIPANT, OPERATOR) if (line.post or {}).get(who) == REACHED), "")
        if person:
            for fields in ({"nothing": REFUSED[kind]}, {REFUSED[kind][:1000]: "1"}):
                status, took = post(checking.clients[person], world_address(checking, path), fields)
                assert (status, took < MAX_S) == (400, True), f"{path}, {took:.1f} s"


def world_address(world: World, path: str) -> str:
    return world.address(path, MATRIX[path].given)


@pytest.fixture(scope="module")
def fields(world: World) -> list[tuple[Place, str]]:
    """Each field that is read of a form, with the place that it is sent to."""
    found = []
    for place in places(world):
        with names_read() as names:
            send(place)
        found += [(place, name) for name in sorted(names - {"csrfmiddlewaretoken"})]
    return found


def send(place: Place, /, **typed: str) -> tuple[int, float]:
    return post(place.client, place.address, {**place.fields, **typed})


def test_every_field_that_code_reads_is_among_those_that_are_tried(fields: list[tuple[Place, str]]) -> None:
    tried = {name for _, name in fields}
    assert {name: file for name, file in names_in_code().items() if name not in tried} == {}
    assert len(fields) > 400


def test_what_a_text_may_have_takes_little_time_in_any_field_and_no_long_text_is_kept(
    fields: list[tuple[Place, str]],
) -> None:
    for number, (place, name) in enumerate(fields):
        kind = list(LET_THROUGH)[number % len(LET_THROUGH)]  # each alone would take minutes
        with written_texts(longer_than=MAX_TEXT_LENGTH) as kept:
            status, took = send(place, **{name: LET_THROUGH[kind]})
        assert status < 500 and took < MAX_S, f"{place} {name}, {kind}: {status} after {took:.1f} s"
        assert not kept, f"{place} {name}, {kind}"


def test_no_address_takes_it_as_a_parameter(world: World) -> None:
    read = 0
    for number, (path, line) in enumerate(MATRIX.items()):
        text = ("\0", "a" + "\u0301" * 31, "\ufdfa\u0301" + "\u0344" * 15)[number % 3]
        for person in (ANONYMOUS, PARTICIPANT, OPERATOR):
            if (line.get or {}).get(person) == REACHED:
                client, address = world.clients[person], world_address(world, path)
                with names_read() as names:
                    client.get(address)
                read += len(names)
                asked = {"q": text, "page": text, "next": text, "PROLIFIC_PID": text, text: "1"}
                assert client.get(address, asked).status_code < 500, f"{person}: {path}"
                for name in sorted(names):
                    status = client.get(address, {name: text}).status_code
                    assert status < 500, f"{person}: {path} {name}"
    assert read > 100
