"""Participants submit phrases to their own assignment and read them."""

import uuid
from typing import Any

import pytest
from django.test import Client

from annotations.models import Phrase
from tests.actors import Visit


def address(visit: Visit, *parts: object) -> str:
    return "/".join([f"/api/v1/assignments/{visit.assignment.public_id}/phrases", *map(str, parts), ""])


def submit(visit: Visit, text: str, client_uuid: uuid.UUID | None = None, client: Client | None = None) -> Any:
    body = {"client_uuid": str(client_uuid or uuid.uuid4()), "text": text}
    return (client or visit.client).post(address(visit), body, "application/json")


def test_a_new_phrase_is_201_and_waits_for_its_score(alice: Visit) -> None:
    response = submit(alice, "  red squares ")
    phrase = Phrase.objects.get()
    assert response.status_code == 201
    document = response.json()
    assert document["client_uuid"] == str(phrase.client_uuid)
    assert (document["text"], document["ordinal"]) == ("red squares", 1)
    assert (document["state"], document["score"]) == ("pending", None)


def test_the_same_phrase_again_is_200_and_counts_once(alice: Visit) -> None:
    same = uuid.uuid4()
    first, second = submit(alice, "red", same), submit(alice, "red", same)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Phrase.objects.count() == 1


def test_another_text_under_a_used_uuid_is_422(alice: Visit) -> None:
    same = uuid.uuid4()
    submit(alice, "red", same)
    response = submit(alice, "blue", same)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "client_uuid_reused"


def test_a_participant_reads_a_phrase_of_their_own(alice: Visit) -> None:
    same = uuid.uuid4()
    submit(alice, "<b>red</b> 🟥", same)
    document = alice.client.get(address(alice, same)).json()
    assert document["text"] == "<b>red</b> 🟥"


def test_what_is_another_participants_is_not_found(alice: Visit, bob: Visit) -> None:
    same = uuid.uuid4()
    submit(alice, "red", same)
    assert bob.client.get(address(alice, same)).status_code == 404
    assert submit(alice, "blue", client=bob.client).status_code == 404
    assert Phrase.objects.count() == 1


def test_without_a_visit_nothing_is_found(alice: Visit, coordinator_client: Client) -> None:
    for client in (Client(), coordinator_client):
        assert submit(alice, "red", client=client).status_code == 404
    assert not Phrase.objects.exists()


def test_a_cookie_of_a_visit_that_is_gone_finds_nothing(alice: Visit) -> None:
    cookie = alice.client.session
    cookie["annotation_session"] = 0
    cookie.save()
    assert submit(alice, "red").status_code == 404


@pytest.mark.parametrize("client_uuid", [7, True, None, ["a"], "7", ""])
def test_a_client_uuid_that_is_not_written_as_one_is_400(alice: Visit, client_uuid: Any) -> None:
    response = alice.client.post(address(alice), {"client_uuid": client_uuid, "text": "red"}, "application/json")
    assert response.status_code == 400
    assert not Phrase.objects.exists()
