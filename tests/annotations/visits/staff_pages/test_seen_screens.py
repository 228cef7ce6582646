"""The screens that a visit saw, on its page of the admin: each drawn again, and nothing on it can be pressed."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import AnnotationSession, Event, Phrase, event_kinds
from annotations.visits import erasure
from annotations.visits.withdrawal import withdraw
from tests.support.actors import Visit
from tests.support.views_pages import say, task_url, tree
from worker.phrases.scoring import score_due_phrases


@pytest.fixture
def seen(alice: Visit) -> Visit:
    return see(alice)


def see(alice: Visit) -> Visit:
    """Alice saw her task, said "tilted", and saw the answer."""
    alice.client.get(task_url(alice))
    say(alice, "tilted")
    score_due_phrases()
    alice.client.get(task_url(alice))
    return alice


def page_of(visit: Visit) -> str:
    return f"/admin/annotations/annotationsession/{visit.session.pk}/change/"


def screens_of(visit: Visit) -> list[Event]:
    return list(visit.session.events.filter(kind=event_kinds.SCREEN_SHOWN).order_by("pk"))


def screen_of(visit: Visit, event: Event) -> str:
    return f"/admin/annotations/annotationsession/{visit.session.pk}/screens/{event.pk}/"


@pytest.mark.django_db
def test_a_visits_page_lists_its_screens_with_what_they_were_of(coordinator_client: Client, seen: Visit) -> None:
    page = tree(coordinator_client.get(page_of(seen)))
    links = [link["href"] for link in page.select(".field-screens a")]
    assert links == [screen_of(seen, event) for event in screens_of(seen)]
    assert [" ".join(line.text.split())[20:] for line in page.select(".field-screens li")] == [
        "task 1",
        "task 1, “tilted”",
    ]


@pytest.mark.django_db
def test_a_data_set_without_its_files_is_said_on_the_visits_page(coordinator_client: Client, seen: Visit) -> None:
    type(seen.assignment.task.base_model.dataset).objects.update(directory="datasets/gone")
    answer = coordinator_client.get(screen_of(seen, screens_of(seen)[0]), follow=True)
    assert answer.redirect_chain == [(page_of(seen), 302)]
    assert "This screen cannot be drawn again: " in tree(answer).text


@pytest.mark.django_db
def test_a_screen_has_its_images_and_nothing_to_press(coordinator_client: Client, seen: Visit) -> None:
    first, second = screens_of(seen)
    keys = seen.assignment.task.base_model.dataset.files.image_keys
    for event in (first, second):
        response = coordinator_client.get(screen_of(seen, event))
        page = tree(response)
        assert not page.select("form, input, button, script[src*='/js/'], template")
        grids = [image["src"] for image in page.select(".class-grid img")]
        shown = [keys[row].decode() for row in event.payload["rows"]["right"] + event.payload["rows"]["wrong"]]
        assert all(key in source for key, source in zip(shown, grids, strict=True))
        assert "Content-Security-Policy" in response.headers
    assert "Replayed." in page.text and "not the images" not in page.text
    assert page.select_one("#history .words").text == "tilted"  # type: ignore[union-attr]
    assert page.select_one(".doubt p").text == "No answer"  # type: ignore[union-attr]


@pytest.mark.django_db
def test_looking_at_a_screen_records_nothing(coordinator_client: Client, seen: Visit) -> None:
    (event, _) = screens_of(seen)
    before = Event.objects.count(), Phrase.objects.count()
    assert coordinator_client.get(screen_of(seen, event)).status_code == 200
    assert (Event.objects.count(), Phrase.objects.count()) == before
    assert coordinator_client.post(screen_of(seen, event)).status_code == 405


@pytest.mark.django_db
def test_a_screen_is_in_the_language_in_which_it_was_seen(coordinator_client: Client, alice: Visit) -> None:
    alice.client.get(task_url(alice), headers={"Accept-Language": "de"})
    (event,) = screens_of(alice)
    page = tree(coordinator_client.get(screen_of(alice, event)))
    assert page.html is not None and page.html["lang"] == event.payload["language"] == "de"
    assert "Die KI" in page.text


@pytest.mark.django_db
def test_another_event_or_a_screen_of_another_visit_is_not_found(
    coordinator_client: Client, seen: Visit, bob: Visit
) -> None:
    consent = seen.session.events.exclude(kind=event_kinds.SCREEN_SHOWN).first()
    assert consent is not None
    assert coordinator_client.get(screen_of(seen, consent)).status_code == 404
    assert coordinator_client.get(screen_of(bob, screens_of(seen)[0])).status_code == 404
    assert AnnotationSession.objects.count() == 2


@pytest.mark.django_db
def test_of_an_erased_visit_no_screen_is_left(coordinator_client: Client, seen: Visit) -> None:
    (_, event) = screens_of(seen)
    withdraw(seen.session)
    erasure.erase_due(timezone.now())
    assert coordinator_client.get(screen_of(seen, event)).status_code == 404
    page = coordinator_client.get(page_of(seen))
    assert page.status_code == 200 and tree(page).select(".field-screens a") == []


def first_screen_of(phrase: Phrase) -> str:
    return f"/admin/annotations/phrase/{phrase.pk}/screen/"


@pytest.mark.django_db
def test_a_phrase_leads_to_the_screen_that_first_showed_its_score(coordinator_client: Client, seen: Visit) -> None:
    say(seen, "dark")
    score_due_phrases()
    seen.client.get(task_url(seen))
    tilted, dark = Phrase.objects.order_by("ordinal")
    seen.client.get(f"{task_url(seen)}?phrase={tilted.client_uuid}")  # once more, later
    _empty, of_tilted, of_dark, _again = screens_of(seen)
    assert coordinator_client.get(first_screen_of(tilted)).headers["Location"] == screen_of(seen, of_tilted)
    assert coordinator_client.get(first_screen_of(dark)).headers["Location"] == screen_of(seen, of_dark)
    moderation = reverse("admin:annotations_study_moderation", args=[seen.session.study_id])
    for address in (moderation, f"/admin/annotations/phrase/{tilted.pk}/change/"):
        assert tree(coordinator_client.get(address)).select_one(f"a[href='{first_screen_of(tilted)}']")


@pytest.mark.django_db
def test_a_phrase_whose_score_nobody_saw_leads_to_its_visit(coordinator_client: Client, alice: Visit) -> None:
    say(alice, "tilted")
    answer = coordinator_client.get(first_screen_of(Phrase.objects.get()), follow=True)
    assert answer.redirect_chain == [(page_of(alice), 302)]
    assert "Nobody was shown what became of “tilted”." in tree(answer).text
