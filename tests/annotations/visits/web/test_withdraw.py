"""GET and POST /withdraw/<visit>?key=…, GET /visit/withdraw"""

import base64
import hashlib
import hmac
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from annotations.log.identities import key_of
from annotations.models import (
    AnnotationSession,
    EndReason,
    ForgottenSubmission,
    IdentityKey,
    Participant,
    Stage,
    Submission,
)
from annotations.phrases import assignments
from annotations.visits import erasure, sessions
from clarify_errors.arrays.common.safe_text import is_safe
from tests.support.actors import Visit, client_of
from tests.support.views_pages import one, shown, tree


def link(visit: Visit) -> str:
    """The person's own link, as the visit leads to it."""
    return str(visit.client.get("/visit/withdraw")["Location"])


def test_looking_at_the_link_withdraws_nothing(alice: Visit, client: Client) -> None:
    assert one(client.get(link(alice)), "form#withdraw")
    assert AnnotationSession.objects.get().withdrawn_at is None


def test_what_becomes_of_pay_is_said_before_and_after(alice: Visit) -> None:
    own = link(alice)
    before = shown(one(alice.client.get(own), "main"))
    unpaid = "It is not paid, because you did not finish it."
    assert f"{unpaid} You can also finish it first and withdraw after that." in before
    assert unpaid in shown(one(alice.client.post(own, follow=True), "main"))


def test_whoever_finished_keeps_what_was_promised(alice: Visit) -> None:
    own = link(alice)
    assignments.end(alice.assignment, EndReason.STUDY_CLOSED)
    sessions.finish(alice.session)
    for response in (alice.client.get(own), alice.client.post(own, follow=True)):
        assert "You still get what we promised you for taking part." in shown(one(response, "main"))
        assert "not paid" not in shown(one(response, "main"))


def test_the_button_withdraws_without_a_cookie(alice: Visit, client: Client) -> None:
    response = client.post(link(alice), follow=True)
    assert shown(one(response, "h1")) == "You have withdrawn"
    assert not tree(response).select("form#withdraw")
    assert AnnotationSession.objects.get().stage == Stage.WITHDRAWN


def test_the_visit_then_stands_on_that_page(alice: Visit) -> None:
    own = link(alice)
    alice.client.post(own)
    assert alice.client.get("/visit/")["Location"] == own
    assert alice.client.get(own).status_code == 200


@pytest.mark.parametrize("key", ["", "?key=", "?key=aaaaaaaaaaaaaaaaaaaaaaaaaa", "?key=ü"])
def test_without_its_key_the_link_leads_nowhere(alice: Visit, client: Client, key: str) -> None:
    url = link(alice).split("?")[0] + key
    assert (client.get(url).status_code, client.post(url).status_code) == (404, 404)
    assert AnnotationSession.objects.get().withdrawn_at is None


def test_anothers_key_does_not_open_it(alice: Visit, bob: Visit) -> None:
    other = link(alice).split("?")[0] + "?" + link(bob).split("?")[1]
    assert bob.client.post(other).status_code == 404


def test_a_visit_that_is_not_there_is_not_found(client: Client, db: None) -> None:
    assert client.get(f"/withdraw/{uuid.uuid4()}?key=x").status_code == 404


def withdrawn_and_forgotten(visit: Visit) -> None:
    visit.client.post(link(visit))
    erasure.erase_due(timezone.now())
    assert ForgottenSubmission.objects.count() == 1


def test_the_studys_link_starts_nothing_new_once_everything_is_erased(alice: Visit) -> None:
    withdrawn_and_forgotten(alice)
    before = (AnnotationSession.objects.count(), Submission.objects.count(), IdentityKey.objects.count())
    for response in (
        Client().get("/study/sprites/", alice.external_ids),
        Client().post("/study/sprites/start", alice.external_ids),
    ):
        assert response.status_code == 410
        assert shown(one(response, "h1")) == "You have withdrawn"
        assert "cannot start it again" in shown(one(response, "main"))
        assert not tree(response).select("main form, main a.button")
    assert before == (AnnotationSession.objects.count(), Submission.objects.count(), IdentityKey.objects.count())


def test_in_another_browser_the_link_of_who_withdrew_says_so(alice: Visit) -> None:
    alice.client.post(link(alice))
    assert Client().post("/study/sprites/start", alice.external_ids).status_code == 410


def test_somebody_elses_link_still_starts(alice: Visit) -> None:
    withdrawn_and_forgotten(alice)
    ids = {**alice.external_ids, "PROLIFIC_PID": "bob", "SESSION_ID": "bob-visit"}
    assert Client().post("/study/sprites/start", ids).status_code == 303


def test_pages_after_consent_lead_to_it(alice: Visit) -> None:
    AnnotationSession.objects.update(stage=Stage.CHECK)
    assert one(alice.client.get("/visit/check"), "a[href='/visit/withdraw']")


def test_the_key_that_makes_pseudonyms_makes_no_link(alice: Visit, client: Client) -> None:
    public_id = alice.session.public_id
    for key in (key_of(alice.session.study), key_of(alice.session.study).hex().encode()):
        digest = hmac.digest(key, f"withdraw {public_id}".encode(), hashlib.sha256)
        forged = base64.b32encode(digest).decode()[:26].lower()
        assert client.post(f"/withdraw/{public_id}?key={forged}").status_code == 404
    assert AnnotationSession.objects.get().withdrawn_at is None


def test_what_the_database_holds_is_no_key(alice: Visit, client: Client) -> None:
    stored = bytes(AnnotationSession.objects.get().sealed_withdrawal_token)
    assert link(alice).split("=")[1].encode() not in stored
    for given in (stored, base64.urlsafe_b64decode(stored), hashlib.sha256(stored).hexdigest().encode()):
        key = given.decode("latin-1")
        answer = client.post(f"/withdraw/{alice.session.public_id}", query_params={"key": key})
        assert answer.status_code == (404 if is_safe(key) else 400)


def test_a_used_link_leaves_a_later_visit_of_the_same_person_alone(alice: Visit, client: Client) -> None:
    used = link(alice)
    client.post(used)
    again = sessions.enter(
        alice.session.study, participant_id="alice-person", study_id="sprites-outside", session_id="alice-again"
    )
    sessions.give_consent(again)
    assert client.post(used).status_code == 303
    again.refresh_from_db()
    assert again.participant == alice.session.participant and again.stage == Stage.TUTORIAL


def test_a_used_link_says_what_was_done_once_everything_is_erased(alice: Visit, client: Client) -> None:
    used = link(alice)
    client.post(used)
    erasure.erase_due(timezone.now())
    assert Participant.objects.get().erased_at is not None
    for answer in (client.get(used), client.post(used, follow=True)):
        assert shown(one(answer, "h1")) == "You have withdrawn"
        assert "has been deleted" in answer.content.decode() and not tree(answer).select("form#withdraw")


def test_a_link_of_a_visit_that_was_declined_withdraws_nothing(alice: Visit, client: Client) -> None:
    declined = sessions.enter(
        alice.session.study, participant_id="alice-person", study_id="sprites-outside", session_id="alice-again"
    )
    own = link(Visit(sessions.decline(declined), alice.assignment, client_of(declined), {}))
    assert client.post(own).status_code == 303
    alice.session.refresh_from_db()
    assert alice.session.withdrawn_at is None
