"""What Sentry is told of an error in a participant's view: by its own client, whose transport is replaced."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.test import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from annotations.models import Study
from annotations.phrases import phrase_submission
from annotations.visits.web import entry_pages as entry
from clarify_site import error_reports
from tests.support.actors import Visit

PID, STUDY_ID, ADDRESS, BROWSER = "5f0000000000000000000001", "5f0000000000000000000002", "203.0.113.77", "Netscape/4"


class Kept(Transport):
    """Keeps what would be sent, as its bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope.serialize().decode())

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(text.splitlines()[-1]) for text in self.sent]


@pytest.fixture
def sentry() -> Iterator[Kept]:
    kept = Kept()
    error_reports.start("https://key@sentry.invalid/1", "0.1", kept)
    yield kept
    sentry_sdk.init(default_integrations=False)


def _fails(*given: Any, **named: Any) -> None:
    told = f"could not read {given} {named} of {PID}"
    raise RuntimeError(told)


def test_an_error_as_somebody_enters_is_told_of_by_its_place_alone(
    open_study: Study, sentry: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "render", _fails)
    client = Client(raise_request_exception=False)
    client.cookies["clarify_session"] = "a-cookie-of-hers"
    query = {"PROLIFIC_PID": PID, "STUDY_ID": STUDY_ID, "SESSION_ID": "5f0000000000000000000003"}
    asked: Any = {"REMOTE_ADDR": ADDRESS, "headers": {"User-Agent": BROWSER, "Referer": "https://from.example/?q=1"}}
    assert client.get("/study/sprites/", query, **asked).status_code == 500
    (event,) = sentry.events()
    (error,) = event["exception"]["values"]
    assert (error["type"], event["release"], event["transaction"]) == ("RuntimeError", "0.1", "/study/{slug}/")
    assert error["stacktrace"]["frames"][-1]["function"] == "_fails"
    for secret in (
        *query.values(),
        "sprites/",
        "a-cookie-of-hers",
        ADDRESS,
        BROWSER,
        "from.example",
        "could not read (",
    ):
        assert secret not in sentry.sent[0], secret
    assert not {"request", "user", "breadcrumbs", "extra", "contexts", "server_name", "tags"} & event.keys()


def test_an_error_as_somebody_submits_holds_nothing_of_the_phrase(
    alice: Visit, sentry: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phrase_submission, "submit", _fails)
    alice.client.raise_request_exception = False
    page = f"/visit/tasks/{alice.assignment.public_id}/phrases"
    form = {"client_uuid": "0b7f9e0e-8c1b-4a55-9d36-0f6a1f0f0001", "text": "the bird is wet"}
    assert alice.client.post(page, form, REMOTE_ADDR=ADDRESS).status_code == 500
    session = alice.client.cookies["clarify_session"].value
    (told,) = sentry.sent
    for secret in ("the bird", form["client_uuid"], str(alice.assignment.public_id), session, ADDRESS):
        assert secret not in told, secret


def test_an_error_that_is_logged_is_told_of_without_its_words(sentry: Kept) -> None:
    logger = logging.getLogger("worker.phrases")
    try:
        _fails()
    except RuntimeError:
        logger.exception("could not score the phrase of %s", PID)
    logger.error("could not reach %s", PID)  # of no error, so there is no place to tell
    (told,) = sentry.sent
    assert "RuntimeError" in told and PID not in told


def test_a_child_of_a_process_that_reports_is_given_nothing_of_it(sentry: Kept) -> None:
    asked = [sys.executable, "-c", "import os; print(*os.environ)"]
    names = subprocess.run(asked, env={}, capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in names if "SENTRY" in name or "BAGGAGE" in name]
