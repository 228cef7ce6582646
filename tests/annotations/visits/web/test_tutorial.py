"""GET and POST /visit/tutorial, POST /visit/tutorial/look and /visit/tutorial/phrases"""

import uuid
from typing import Any

import pytest
from django.test import Client

from annotations.models import AnnotationSession, PracticePhrase, Stage, Study
from annotations.visits import sessions
from tests.support.actors import client_of
from tests.support.views_pages import one, shown, tree


@pytest.fixture
def carol(open_study: Study) -> Client:
    """Someone who has just consented."""
    session = sessions.enter(open_study, participant_id="carol", study_id="s", session_id="v")
    return client_of(sessions.give_consent(session))


def practise(client: Client, text: str, client_uuid: uuid.UUID | None = None) -> Any:
    data = {"client_uuid": str(client_uuid or uuid.uuid4()), "text": text}
    return client.post("/visit/tutorial/phrases", data, follow=True)


def test_first_there_are_only_the_pictures_and_what_to_do(carol: Client) -> None:
    page = tree(carol.get("/visit/tutorial"))
    assert [len(grid.select("button[name=picture]")) for grid in page.select(".class-grid")] == [10, 10]
    assert not page.select("form#practise, form#tutorial")


def test_a_right_picture_is_told_apart_and_the_lesson_stays(carol: Client) -> None:
    response = carol.post("/visit/tutorial/look", {"picture": "3"}, follow=True)
    assert "The AI was right there" in shown(one(response, ".coach"))
    assert one(response, "form#look")


def test_a_wrong_picture_opens_the_sentence(carol: Client) -> None:
    response = carol.post("/visit/tutorial/look", {"picture": "13"}, follow=True)
    assert "The AI is often wrong on images that have" in shown(one(response, "form#practise"))
    assert not tree(response).select("button[name=picture]")


@pytest.mark.parametrize("picture", ["", "x", "-1", "99999", "٣"])
def test_a_picture_is_a_number(carol: Client, picture: str) -> None:
    assert carol.post("/visit/tutorial/look", {"picture": picture}).status_code == 400


def test_a_phrase_shows_its_score_and_split(carol: Client) -> None:
    carol.post("/visit/tutorial/look", {"picture": "13"})
    response = practise(carol, "stripes")
    assert one(response, "#answer")["data-score"] == "0.8000"
    assert [len(side.select("img")) for side in tree(response).select(".side")] == [10, 10]
    assert tree(response).select("form#tutorial")
    assert "Bad words would be tilted: 5 of 10 with it are wrong, and 5 of 10 without it." in shown(
        one(response, ".coach")
    )


@pytest.mark.parametrize("text", ["striped zigzags", "small"])
def test_where_the_cursor_is_a_screen_reader_hears_what_to_do_now(carol: Client, text: str) -> None:
    carol.post("/visit/tutorial/look", {"picture": "13"})
    field = one(practise(carol, text), "#text")
    assert "coach" in field["aria-describedby"] and field.has_attr("autofocus")


def test_words_that_the_example_does_not_know_get_an_honest_answer(carol: Client) -> None:
    carol.post("/visit/tutorial/look", {"picture": "13"})
    response = practise(carol, "<b>fluffy</b>")
    assert "<b>fluffy</b> cannot be scored here" in " ".join(shown(one(response, ".coach")).split())
    assert not tree(response).select("#answer")


def test_a_refused_phrase_is_explained_beside_the_field(carol: Client) -> None:
    carol.post("/visit/tutorial/look", {"picture": "13"})
    response = practise(carol, "?!")
    assert response.status_code == 400
    assert "only punctuation" in shown(one(response, "#phrase-error"))
    assert one(response, "#text")["value"] == "?!"


def test_doing_it_opens_the_way_on(carol: Client) -> None:
    carol.post("/visit/tutorial/look", {"picture": "13"})
    practise(carol, "large")
    assert one(practise(carol, "stripes"), "form#tutorial")
    response = carol.post("/visit/tutorial")
    assert (response.status_code, response["Location"]) == (303, "/visit/check")


def test_going_on_cannot_be_forced(carol: Client) -> None:
    response = carol.post("/visit/tutorial")
    assert response.status_code == 409
    assert AnnotationSession.objects.get().stage == Stage.TUTORIAL


def test_a_double_click_is_one_phrase(carol: Client) -> None:
    carol.post("/visit/tutorial/look", {"picture": "13"})
    once = uuid.uuid4()
    for _ in range(2):
        practise(carol, "stripes", once)
    assert PracticePhrase.objects.count() == 1


def test_whoever_has_done_it_goes_on(carol: Client) -> None:
    AnnotationSession.objects.update(stage=Stage.CHECK)
    assert carol.get("/visit/tutorial")["Location"] == "/visit/check"
