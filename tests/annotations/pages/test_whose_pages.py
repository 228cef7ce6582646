"""Whose pages are whose: every address of the app, asked for by someone whose page it is not."""

import uuid

import pytest
from django.test import Client
from django.urls import URLPattern

from annotations import urls
from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import Assignment, Phrase
from tests.support.actors import Visit
from tests.support.views_pages import say, task_url

OPEN_TO_ALL = {"welcome", "start", "language", "livez", "readyz"}
SIGNED = {"prolific_webhook", "metrics"}  # open to whoever has the secret
OF_A_VISIT = {  # by name, below /visit/
    "visit": "",
    "consent": "consent",
    "declined": "declined",
    "tutorial": "tutorial",
    "look": "tutorial/look",
    "practise": "tutorial/phrases",
    "check": "check",
    "not_passed": "not-passed",
    "withdraw_from_visit": "withdraw",
    "end": "end",
    "report_spans": "spans",
    "classes": "classes",
    "pick": "classes/pick",
}
OF_A_TASK = {
    "task": "",
    "begin": "begin",
    "submit_phrase": "phrases",
    "phrase": "phrases/{phrase}",
    "choose_threshold": "phrases/{phrase}/threshold",
    "judge": "phrases/{phrase}/judgement",
    "show_keywords": "keywords",
    "move": "move",
    "done": "done",
}


def test_every_address_is_listed_here() -> None:
    names = {pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)}
    assert names == OPEN_TO_ALL | SIGNED | OF_A_VISIT.keys() | OF_A_TASK.keys() | {
        "thumbnail",
        "withdraw",
        "your_visit",
        "your_data",
    }


@pytest.mark.parametrize("path", OF_A_VISIT.values())
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_page_of_a_visit_is_found_only_in_one(
    client: Client, coordinator_client: Client, path: str, method: str
) -> None:
    for outsider in (client, coordinator_client):
        assert getattr(outsider, method)(f"/visit/{path}").status_code in {404, 405}


@pytest.mark.parametrize("name", OF_A_TASK)
def test_a_task_is_found_only_by_whose_it_is(
    alice: Visit, bob: Visit, client: Client, coordinator_client: Client, name: str
) -> None:
    say(alice, "red")
    url = task_url(alice, OF_A_TASK[name].format(phrase=Phrase.objects.get().client_uuid))
    data = {"client_uuid": str(uuid.uuid4()), "text": "blue"}
    before = list(Assignment.objects.order_by("pk").values())
    for other in (bob.client, client, coordinator_client):
        answers = {other.get(url).status_code, other.post(url, data).status_code}
        assert answers <= {404, 405}
        assert 404 in answers
    assert list(Assignment.objects.order_by("pk").values()) == before
    assert [phrase.text for phrase in Phrase.objects.all()] == ["red"]


def test_a_thumbnail_is_found_only_by_whose_it_is(alice: Visit, bob: Visit, client: Client) -> None:
    dataset = alice.assignment.task.base_model.dataset
    url = thumbnail_url(f"session:{alice.session.pk}", dataset.pk, dataset.files.image_keys[0].decode())
    assert alice.client.get(url).status_code == 200
    assert {bob.client.get(url).status_code, client.get(url).status_code} == {404}
