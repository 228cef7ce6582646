"""GET /visit/tasks/<uuid>/phrases/<uuid>"""

import uuid

from annotations.models import Event, Phrase
from modeling.arrays.phrases.error_score import null_level
from tests.actors import Visit
from tests.annotations.views.pages import one, say, shown, task_url, tree
from worker.phrases.scoring import score_due_phrases


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


def test_a_score_stands_beside_what_random_words_reach(alice: Visit) -> None:
    say(alice, "red")
    score_due_phrases()
    page = alice.client.get(task_url(alice))
    assert shown(one(page, ".level")) == f"random words reach {null_level(15, 9, 1):.2f}"
    assert one(page, ".scale .random")["transform"] == f"translate({null_level(15, 9, 1):.4f})"
    assert not tree(page).select(".read-as")


def test_a_negation_is_shown_as_it_is_scored(alice: Visit) -> None:
    say(alice, "no <b>blue</b>")
    score_due_phrases()
    page = alice.client.get(task_url(alice))
    assert shown(one(page, ".read-as")) == "Scored as: images without <b>blue</b>."
    assert shown(one(page, ".score-scale q")) == "no <b>blue</b>"
    assert [shown(heading) for heading in tree(page).select(".side h3")] == ["Without <b>blue</b>", "With <b>blue</b>"]


def test_words_that_point_the_other_way_are_told_so_rather_than_given_0_in_silence(alice: Visit) -> None:
    say(alice, "blue")
    score_due_phrases()
    verdict = one(alice.client.get(task_url(alice)), ".verdict")
    assert "The AI is wrong less often on images like that." in verdict.text
