"""The withdrawals page: looking a person up without storing their id, and taking them out."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations.models import AuditRecord, IdentityKey, JobState, Release
from annotations.studies import lifecycle
from annotations.visits import erasure
from tests.support.steps import submit_and_score


@pytest.fixture
def address(alice):
    return reverse("admin:annotations_study_withdrawals", args=[alice.session.study_id])


@pytest.mark.parametrize("by", ["pseudonym", "outside id"])
def test_a_person_is_found_by_pseudonym_and_by_id(alice, address, coordinator_client, by):
    submit_and_score(alice, "red")
    wanted = alice.participant.pseudonym if by == "pseudonym" else alice.external_ids["PROLIFIC_PID"]
    page = coordinator_client.post(address, {"person": f" {wanted} "}).content.decode()
    assert f"Withdraw {alice.participant.pseudonym}" in page and "1 visit, 1 phrase." in page


def test_nobody_is_found_in_a_sentence(alice, address, coordinator_client):
    page = coordinator_client.post(address, {"person": "nobody"}).content.decode()
    assert "Nobody in this study has that pseudonym or id." in page


def test_withdrawing_needs_a_reason(alice, address, coordinator_client):
    coordinator_client.post(address, {"act": "withdraw", "participant": alice.participant.pseudonym, "reason": " "})
    alice.session.refresh_from_db()
    assert alice.session.withdrawn_at is None


def test_a_withdrawn_person_is_listed_with_how_far_the_erasure_is(alice, address, coordinator_client):
    name = alice.participant.pseudonym
    coordinator_client.post(address, {"act": "withdraw", "participant": name, "reason": "by e-mail"})
    assert "is being deleted" in coordinator_client.get(address).content.decode()
    assert AuditRecord.objects.get(act="participant_withdrawn").actor == "coordinator"
    erasure.erase_due(timezone.now())
    page = coordinator_client.get(address).content.decode()
    assert "<td>deleted</td>" in page and "<td>destroyed</td>" in page and name not in page


def test_somebody_of_another_study_is_not_found(alice, address, coordinator_client):
    answer = coordinator_client.post(address, {"act": "withdraw", "participant": "PXXXX", "reason": "x"})
    assert answer.status_code == 404


def test_the_ids_of_a_closed_study_are_destroyed_by_hand(alice, address, coordinator_client):
    coordinator_client.post(
        address, {"act": "withdraw", "participant": alice.participant.pseudonym, "reason": "by e-mail"}
    )
    lifecycle.close_study(alice.session.study, by="coordinator")
    assert "Destroy the ids now" in coordinator_client.get(address).content.decode()
    unsure = coordinator_client.post(address, {"act": "destroy_ids"}, follow=True).content.decode()
    assert "Please tick the box first" in unsure and IdentityKey.objects.exists()
    page = coordinator_client.post(address, {"act": "destroy_ids", "is_sure": "on"}, follow=True).content.decode()
    assert "The ids are destroyed" in page and "Destroy the ids now" not in page and "<td>destroyed</td>" in page
    assert not IdentityKey.objects.exists()
    assert AuditRecord.objects.get(act="ids_destroyed").actor == "coordinator"


def test_the_ids_of_an_open_study_stay(alice, address, coordinator_client):
    assert "Destroy the ids now" not in coordinator_client.get(address).content.decode()
    page = coordinator_client.post(address, {"act": "destroy_ids", "is_sure": "on"}, follow=True).content.decode()
    assert "Nothing was destroyed" in page and IdentityKey.objects.exists()


def test_every_release_that_holds_them_is_named_superseded_or_not(alice, bob, address, coordinator_client):
    study, now = alice.session.study, timezone.now()
    for number, snapshot_at in ((1, alice.session.created_at - dt.timedelta(seconds=1)), (2, now), (3, now)):
        state = {"state": JobState.DONE, "finished_at": now, "snapshot_at": snapshot_at}
        Release.objects.create(study=study, number=number, file=f"{number}.zip", digest="0" * 64, size=1, **state)
    Release.objects.filter(number=2).update(superseded_at=now)
    page = coordinator_client.post(address, {"person": alice.participant.pseudonym}).content.decode()
    assert "They are in release 2 (superseded already), release 3." in " ".join(page.split())
