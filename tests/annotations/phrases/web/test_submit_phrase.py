"""POST /visit/tasks/<uuid>/phrases"""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from annotations.models import Assignment, Phrase
from annotations.studies.lifecycle import close_study
from tests.support.actors import Visit
from tests.support.views_pages import one, say, task_url, tree
from worker.phrases.scoring import score_due_phrases


def test_without_a_script_the_phrase_is_stored_and_its_page_follows(alice: Visit) -> None:
    response = say(alice, "red")
    phrase = Phrase.objects.get()
    assert (response.status_code, phrase.text) == (303, "red")
    page = alice.client.get(response["Location"])
    assert one(page, "#answer")["data-phrase"] == str(phrase.client_uuid)
    assert one(page, "#answer")["data-state"] == "pending"
    assert one(page, "head noscript meta[http-equiv=refresh]")


def test_once_scored_the_page_shows_score_and_split(alice: Visit) -> None:
    url = say(alice, "red")["Location"]
    score_due_phrases()
    page = alice.client.get(url)
    answer = one(page, "#answer")
    assert answer["data-state"] == "scored"
    assert float(str(answer["data-score"])) == pytest.approx(13 / 15, abs=1e-3)
    assert "Your words explain the mistakes very well." in answer.text
    assert [share.text for share in answer.select(".side [data-percent]")] == ["82%", "0%"]
    assert [share.text for share in answer.select(".both-shares [data-percent]")] == ["0%", "82%"]
    assert not tree(page).select("noscript meta")


def test_with_a_script_only_what_changes_comes_back(alice: Visit) -> None:
    response = say(alice, "red", fragment=True)
    assert response.status_code == 200 and response["Clarify-Parts"] == "task"
    ids = [element.get("id") for element in tree(response).find_all(recursive=False)]
    assert ids == ["phrase-error", "answer", "history", "progress", "timer"]
    assert len(response.content) < 30_000


def test_without_a_script_words_that_no_list_has_are_asked_about_and_the_same_form_sends_them(alice: Visit) -> None:
    asked = say(alice, "rde")
    assert asked.status_code == 400
    assert "we may not know “rde”" in one(asked, "#phrase-error").text
    assert one(asked, "#phrase-error .chip")["data-fill"] == "red"
    assert not Phrase.objects.exists()
    form = {str(field["name"]): field["value"] for field in tree(asked).select("form#phrase input[name]")}
    assert alice.client.post(task_url(alice, "phrases"), form).status_code == 303
    assert Phrase.objects.get().text == "rde"


def test_a_double_submit_counts_once(alice: Visit) -> None:
    client_uuid = uuid.uuid4()
    first, second = (say(alice, "red", client_uuid)["Location"] for _ in range(2))
    assert first == second
    assert Phrase.objects.count() == 1


def test_one_form_does_not_submit_two_phrases(alice: Visit) -> None:
    client_uuid = uuid.uuid4()
    say(alice, "red", client_uuid)
    response = say(alice, "blue", client_uuid)
    assert response.status_code == 422
    assert one(response, "form#phrase input[name=client_uuid]")["value"] != str(client_uuid)
    assert one(response, "#text")["value"] == "blue"
    assert [phrase.text for phrase in Phrase.objects.all()] == ["red"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "type a phrase"),
        ("   ", "nothing in it that shows"),
        ("x" * 121, "too long"),
        ("red\x07", "control characters"),
        ("a\nb", "control characters"),
        ("?!…", "only punctuation"),
    ],
)
def test_a_bad_phrase_is_refused_beside_the_field_and_kept_in_it(alice: Visit, text: str, words: str) -> None:
    response = say(alice, text)
    assert response.status_code == 400
    assert words in one(response, "#phrase-error").text
    assert one(response, "#text")["aria-invalid"] == "true"
    assert not Phrase.objects.exists()
    fragment = say(alice, text, fragment=True)
    assert (fragment.status_code, words in one(fragment, "#phrase-error").text) == (400, True)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "🟥 red", "مربع red أحمر", '" onfocus="red', "=1+1", "{{ 7 }}", "no water"]
)
def test_any_other_phrase_is_stored_as_typed_and_shown_escaped(alice: Visit, text: str) -> None:
    url = say(alice, text)["Location"]
    assert Phrase.objects.get().text == text
    score_due_phrases()
    page = alice.client.get(url)
    assert one(page, "#history bdi").text == text
    assert one(page, "#answer")["data-text"] == text
    scripts = {script.get("src", "") for script in tree(page).select("script")}
    own = {f"/static/annotations/js/{name}.js" for name in ("task", "activity", "offline")}
    assert scripts == own


def test_a_phrase_after_the_deadline_is_refused_and_nothing_is_lost(alice: Visit) -> None:
    say(alice, "red")
    started = timezone.now() - dt.timedelta(hours=2)
    over = started + dt.timedelta(minutes=10)
    Assignment.objects.update(started_at=started, first_deadline_at=over, deadline_at=over)
    response = say(alice, "blue")
    assert response.status_code == 409
    assert "is kept" in tree(response).text
    assert one(response, "main a.button")["href"] == "/visit/"
    assert Phrase.objects.count() == 1


def test_a_phrase_to_a_closed_study_is_refused(alice: Visit) -> None:
    close_study(alice.session.study)
    response = say(alice, "red")
    assert response.status_code == 409
    assert "closed" in one(response, "h1").text
    assert alice.client.get(str(one(response, "main a.button")["href"]))["Location"] == "/visit/end"
    assert not Phrase.objects.exists()


def test_a_phrase_too_many_is_refused_beside_the_field(alice: Visit) -> None:
    alice.assignment.task.max_phrases = 1
    alice.assignment.task.save()
    say(alice, "red")
    response = say(alice, "blue")
    assert response.status_code == 409
    assert "the one phrase" in one(response, "#phrase-error").text


def test_nobody_submits_to_somebody_else_s_task(alice: Visit, bob: Visit) -> None:
    data = {"client_uuid": str(uuid.uuid4()), "text": "red"}
    assert bob.client.post(task_url(alice, "phrases"), data).status_code == 404
    assert not Phrase.objects.exists()


@pytest.mark.parametrize("client_uuid", ["", "nope", "1234"])
def test_a_form_without_its_uuid_is_no_form_of_ours(alice: Visit, client_uuid: str) -> None:
    response = alice.client.post(task_url(alice, "phrases"), {"client_uuid": client_uuid, "text": "red"})
    assert response.status_code == 400
    assert not Phrase.objects.exists()


def test_the_sample_of_images_stays_after_a_phrase(alice: Visit) -> None:
    data = {"client_uuid": str(uuid.uuid4()), "text": "red", "right": "2", "wrong": "1"}
    assert "right=2&wrong=1" in alice.client.post(task_url(alice, "phrases"), data)["Location"]
