"""GET /visit/tasks/<uuid>/phrases/<uuid>"""

import uuid

from annotations.models import Event, Phrase
from tests.actors import Visit
from tests.annotations.views.pages import one, say, task_url
from worker.scoring import score_due_phrases


def test_a_phrase_is_pending_until_it_is_scored(alice: Visit) -> None:
    say(alice, "red")
    url = task_url(alice, f"phrases/{Phrase.objects.get().client_uuid}")
    assert one(alice.client.get(url), "#answer")["data-state"] == "pending"
    score_due_phrases()
    assert one(alice.client.get(url), "#answer")["data-state"] == "scored"


def test_an_earlier_phrase_can_be_asked_for(alice: Visit) -> None:
    first = uuid.uuid4()
    say(alice, "red", first)
    say(alice, "blue")
    assert one(alice.client.get(task_url(alice, f"phrases/{first}")), "#answer")["data-phrase"] == str(first)


def test_asking_changes_nothing(alice: Visit) -> None:
    say(alice, "red")
    events = Event.objects.count()
    alice.client.get(task_url(alice, f"phrases/{Phrase.objects.get().client_uuid}"))
    assert Event.objects.count() == events


def test_an_unknown_phrase_is_not_found(alice: Visit) -> None:
    assert alice.client.get(task_url(alice, f"phrases/{uuid.uuid4()}")).status_code == 404


def test_somebody_else_s_phrase_is_not_found(alice: Visit, bob: Visit) -> None:
    say(alice, "red")
    url = task_url(alice, f"phrases/{Phrase.objects.get().client_uuid}")
    assert bob.client.get(url).status_code == 404
