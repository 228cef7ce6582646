"""What a page's script reports of the time is stored; what no script of ours sends is refused."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from annotations.models import Span, Study
from annotations.visits import sessions
from tests.support.actors import Visit, client_of

IMAGE = "0123456789abcdef01234567"


def row(**fields: Any) -> dict[str, Any]:
    good = {"uuid": str(uuid.uuid4()), "opening": str(uuid.uuid4()), "kind": "visible", "assignment": "", "image": ""}
    return {**good, "began_ago_ms": 2000, "ended_ago_ms": 1000, **fields}


def send(client: Client, *rows: Any) -> Any:
    return client.post("/visit/spans", {"spans": json.dumps(rows)})


def test_a_report_is_stored_and_answered_with_nothing(alice: Visit) -> None:
    assignment = str(alice.assignment.public_id)
    response = send(alice.client, row(assignment=assignment), row(kind="enlarged", image=IMAGE, assignment=assignment))
    assert (response.status_code, response.content) == (204, b"")
    spans = Span.objects.order_by("pk").values_list("kind", "image_key", "assignment")
    assert list(spans) == [("visible", "", alice.assignment.pk), ("enlarged", IMAGE, alice.assignment.pk)]


def test_the_same_report_twice_is_stored_once(alice: Visit) -> None:
    rows = [row(), row(kind="idle")]
    assert [send(alice.client, *rows).status_code for _ in range(2)] == [204, 204]
    assert Span.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "asleep"},
        {"uuid": "1"},
        {"began_ago_ms": "yesterday"},
        {"began_ago_ms": 10**12},
        {"kind": "enlarged"},
        {"image": IMAGE},
        {"image": "no key"},
        {"image": "\ud800"},
        {"kind": "enlarged", "image": "../../etc/passwd"},
        {"assignment": "mine"},
        {"uuid": 5},
        {"opening": [1]},
        {"assignment": {"a": 1}},
    ],
)
def test_a_span_that_cannot_be_read_is_refused_with_all_of_its_report(alice: Visit, change: dict[str, Any]) -> None:
    assert send(alice.client, row(), row(**change)).status_code == 400
    assert not Span.objects.exists()


@pytest.mark.parametrize(
    "sent", ["", "{}", "[1]", '"x"', "[", json.dumps([{}]), json.dumps([row()] * 201), "[" * 60_000]
)
def test_a_report_that_is_none_is_refused(alice: Visit, sent: str) -> None:
    assert alice.client.post("/visit/spans", {"spans": sent}).status_code == 400


def test_nothing_is_stored_before_consent(open_study: Study) -> None:
    session = sessions.enter(open_study, participant_id="p", study_id="s", session_id="v")
    assert send(client_of(session), row()).status_code == 409
    assert not Span.objects.exists()
