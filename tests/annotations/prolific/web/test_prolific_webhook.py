"""POST /prolific/webhook: only what Prolific signed, once, with its effect."""

import json
import threading

import pytest
from django.db import connection, transaction
from django.test import Client

from annotations.models import AllocationState, StudyOnProlific, Submission, WebhookDelivery
from annotations.prolific import webhook_events as webhooks
from tests.fake_prolific.records import Hook
from tests.support.locks import wait_for_a_waiting_lock
from tests.support.prolific_steps import arrive, begin_there, put_on_prolific, submission_of

URL = "/prolific/webhook"


@pytest.fixture
def study(open_study, prolific):
    return put_on_prolific(open_study, prolific)


def send(hook: Hook, client: Client | None = None, **changed_headers: str | None):
    """Deliver a hook as it came, or with other headers (None: without)."""
    headers: dict[str, str | None] = {name.lower(): value for name, value in hook.headers.items()}
    headers |= {name.replace("_", "-"): value for name, value in changed_headers.items()}
    given = {name: value for name, value in headers.items() if value is not None}
    client = client or Client(enforce_csrf_checks=True)
    return client.post(URL, hook.body, content_type="application/json", headers=given)


def error_code(response) -> str:
    error = response.json()["error"]
    assert set(error) == {"code", "message"} and error["message"]
    return str(error["code"])


def test_a_change_of_status_arrives(study, prolific):
    session = arrive(study, "anna")
    there = begin_there(prolific, study, "anna")
    response = send(prolific.clerk.move(there, "RETURNED"))
    assert (response.status_code, response.json()) == (200, {"effect": "applied"})
    assert submission_of(study, "anna").status == "RETURNED"
    session.allocation.refresh_from_db()
    assert session.allocation.state == AllocationState.RELEASED
    delivery = WebhookDelivery.objects.get()
    assert (delivery.event_type, delivery.status, delivery.effect) == (
        webhooks.SUBMISSION_STATUS,
        "RETURNED",
        "applied",
    )
    assert delivery.occurred_at == prolific.clerk.now


def test_the_same_one_again_does_nothing(study, prolific):
    arrive(study, "anna")
    there = begin_there(prolific, study, "anna")
    first, second = prolific.clerk.move(there, "AWAITING REVIEW"), prolific.clerk.move(there, "APPROVED")
    assert [send(hook).json()["effect"] for hook in (second, first, second, first)] == [
        "applied",
        "older",
        "duplicate",
        "duplicate",
    ]
    assert submission_of(study, "anna").status == "APPROVED"


def test_a_submission_that_nobody_knows_is_noted_without_its_id(study, prolific):
    there = begin_there(prolific, study, "anna")
    assert send(prolific.clerk.move(there, "ACTIVE")).json() == {"effect": "unknown_submission"}
    assert Submission.objects.count() == 0
    assert "anna" not in str(list(WebhookDelivery.objects.values()))


def test_a_study_that_was_paused_there_is_known_to_be_so(study, prolific):
    there = prolific.clerk.studies[study.external_study_id]
    first, second = (prolific.clerk.move_study(there, status) for status in ("ACTIVE", "PAUSED"))
    assert [send(hook).json()["effect"] for hook in (second, first, second)] == ["applied", "older", "duplicate"]
    assert StudyOnProlific.objects.get(study=study).status == "PAUSED"
    assert [delivery.status for delivery in WebhookDelivery.objects.order_by("pk")] == ["PAUSED", "ACTIVE"]


def test_a_study_that_nobody_knows_is_noted_without_its_id(study, prolific):
    elsewhere = prolific.add_study("study-elsewhere")
    assert send(prolific.clerk.move_study(elsewhere, "PAUSED")).json() == {"effect": "unknown_study"}
    assert not StudyOnProlific.objects.exists()
    assert "elsewhere" not in str(list(WebhookDelivery.objects.values()))


@pytest.mark.parametrize(
    ("event_type", "body"),
    [
        ("study.status.change", {"resource_id": "study-there"}),
        ("study.progress.change", {"resource_id": "study-there", "status": "ACTIVE"}),
        ("study.has_high_return_rate", {"resource_id": "study-there"}),
        ("something.new", {}),
        ("submission.status.change", {"resource_id": "anna-visit"}),
        ("submission.status.change", {"resource_id": 7, "status": "ACTIVE"}),
        ("submission.status.change", {"resource_id": ["anna-visit"], "status": {"a": 1}}),
    ],
)
def test_what_is_about_something_else_is_taken_and_ignored(study, prolific, event_type, body):
    assert send(prolific.clerk.hook(event_type, body)).json() == {"effect": "ignored"}


def test_an_effect_that_fails_leaves_no_delivery_so_the_next_try_counts(study, prolific, monkeypatch):
    arrive(study, "anna")
    hook = prolific.clerk.move(begin_there(prolific, study, "anna"), "RETURNED")
    with monkeypatch.context() as broken:
        broken.setattr(webhooks, "note_status", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send(hook)
    assert not WebhookDelivery.objects.exists()
    assert send(hook).json() == {"effect": "applied"}


# -- Who is believed ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "changes",
    [
        {"x_prolific_request_signature": "AAAA"},
        {"x_prolific_request_signature": None},
        {"x_prolific_request_signature": "ünicode"},
        {"x_prolific_request_timestamp": None},
        {"x_prolific_request_timestamp": "0"},
    ],
)
def test_what_is_not_signed_is_refused(study, prolific, changes):
    hook = prolific.clerk.move(begin_there(prolific, study, "anna"), "RETURNED")
    response = send(hook, **changes)
    assert response.status_code == 401 and error_code(response) == "not_signed"
    assert not WebhookDelivery.objects.exists()


def test_a_body_that_was_changed_by_one_byte_is_refused(study, prolific):
    hook = prolific.clerk.move(begin_there(prolific, study, "anna"), "RETURNED")
    response = send(Hook(hook.event_id, hook.body + b" ", hook.headers))
    assert response.status_code == 401 and error_code(response) == "not_signed"


def test_the_bytes_are_checked_as_they_came(study, prolific):
    """JSON that is written otherwise than ours is still Prolific's."""
    raw = b'{ "event_type":"submission.status.change",\n "status":"ACTIVE", "resource_id":"\\u0061nna-visit" }'
    arrive(study, "anna")
    assert send(prolific.clerk.signed(raw, "event-x", prolific.clerk.now)).json() == {"effect": "applied"}


def test_another_secret_is_refused(study, prolific, settings):
    hook = prolific.clerk.move(begin_there(prolific, study, "anna"), "RETURNED")
    settings.PROLIFIC_WEBHOOK_SECRET = "another"
    assert send(hook).status_code == 401


def test_a_signature_of_last_week_is_stale(study, prolific, settings):
    hook = prolific.clerk.move(begin_there(prolific, study, "anna"), "RETURNED")
    settings.PROLIFIC_WEBHOOK_TOLERANCE_S = -1  # as if five minutes had gone by
    response = send(hook)
    assert response.status_code == 401 and error_code(response) == "signature_stale"


def test_an_old_message_sent_anew_with_a_later_time_beats_nothing_newer(study, prolific):
    """Whoever got hold of a signed message can change the headers that are not signed."""
    arrive(study, "anna")
    there = begin_there(prolific, study, "anna")
    old = prolific.clerk.move(there, "RETURNED")
    later = "2999-01-01T00:00:00Z"
    assert send(old, x_event_id="forged", x_timestamp=later).status_code == 200
    row = submission_of(study, "anna")
    assert row.seen_at.year < 2999


def test_a_site_without_a_secret_takes_none(study, prolific, settings):
    hook = prolific.clerk.move(begin_there(prolific, study, "anna"), "RETURNED")
    settings.PROLIFIC_WEBHOOK_SECRET = ""
    response = send(hook)
    assert response.status_code == 404 and error_code(response) == "not_found"


# -- What cannot be read -----------------------------------------------------------------------------------------------
UNSTORABLE = [
    json.dumps({"event_type": "submission.status.change", "resource_id": "5f", name: text}).encode()
    for text in ("a\0", "\ud800", "a" + "\u0301" * 31)
    for name in ("event_type", "status", text)
]


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'"text"', b"\xff", b"[" * 5000, *UNSTORABLE])
def test_a_signed_body_that_is_no_object_of_texts_is_acknowledged_once_and_for_all(study, prolific, raw, caplog):
    response = send(prolific.clerk.signed(raw, "event-x", prolific.clerk.now))
    assert (response.status_code, response.json()) == (200, {"effect": "unreadable"})
    assert not WebhookDelivery.objects.exists()
    [line] = [record for record in caplog.records if record.name.endswith("prolific.web.webhooks")]
    assert line.levelname == "WARNING" and "5f" not in line.getMessage()


@pytest.mark.parametrize("raw", UNSTORABLE)
def test_without_its_signature_it_is_refused_as_any_other(study, prolific, raw):
    response = send(prolific.clerk.signed(raw, "event-x", prolific.clerk.now), x_prolific_request_signature="AAAA")
    assert response.status_code == 401 and error_code(response) == "not_signed"


@pytest.mark.parametrize(
    "changes", [{"x_event_id": None}, {"x_event_id": "x" * 101}, {"x_timestamp": None}, {"x_timestamp": "yesterday"}]
)
def test_a_delivery_without_its_number_or_its_time_is_malformed(study, prolific, changes):
    response = send(prolific.clerk.hook("something.new", {}), **changes)
    assert response.status_code == 400 and error_code(response) == "malformed"


@pytest.mark.parametrize("size", [70_000, 300_000])
def test_a_big_body_is_not_read(study, prolific, size):
    response = send(prolific.clerk.signed(json.dumps({"a": "x" * size}).encode(), "event-x", prolific.clerk.now))
    assert response.status_code == 413 and error_code(response) == "too_big"


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head"])
def test_nothing_but_post_is_taken(client, study, method):
    response = getattr(client, method)(URL)
    assert response.status_code == 405 and response["Allow"] == "POST"


def test_refusals_are_logged_without_ids(study, prolific, caplog):
    there = begin_there(prolific, study, "anna")
    send(prolific.clerk.move(there, "RETURNED"), x_prolific_request_signature="AAAA")
    assert "webhook rejected: not_signed" in caplog.text and "anna" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_deliveries_of_one_message_at_once_have_one_effect(study, prolific):
    arrive(study, "anna")
    hook = prolific.clerk.move(begin_there(prolific, study, "anna"), "RETURNED")
    answers = []

    def deliver():
        answers.append(send(hook).json()["effect"])
        connection.close()

    row = submission_of(study, "anna")
    threads = [threading.Thread(target=deliver) for _ in range(2)]
    with transaction.atomic():
        Submission.objects.select_for_update().get(pk=row.pk)
        for thread in threads:
            thread.start()
        wait_for_a_waiting_lock()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["applied", "duplicate"]
    assert WebhookDelivery.objects.count() == 1
