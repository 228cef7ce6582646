"""The language of the pages: what the browser asks for, and what the switch says."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from annotations.models import Study
from tests.support import messages
from tests.support.actors import Visit
from tests.support.views_pages import one, say, shown, task_url, tree
from worker.phrases.scoring import score_due_phrases

WELCOME = "/study/sprites/?PROLIFIC_PID=p&STUDY_ID=s&SESSION_ID=v"
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def language_of(response: Any) -> str:
    return str(one(response, "html")["lang"])


@pytest.mark.parametrize(("asked", "language"), [(GERMAN["Accept-Language"], "de"), ("fr, en;q=0.3", "en"), ("", "en")])
def test_a_page_comes_in_the_best_language_that_the_browser_asks_for(
    client: Client, open_study: Study, asked: str, language: str
) -> None:
    response = client.get(WELCOME, headers={"Accept-Language": asked})
    assert language_of(response) == language
    assert ("Anfangen" in shown(one(response, "#start"))) is (language == "de")


def test_the_switch_comes_before_the_browser_and_leads_back_to_the_same_page(client: Client, open_study: Study) -> None:
    switch = one(client.get(WELCOME, headers=GERMAN), "form#language")
    assert [button["value"] for button in switch.select("button")] == ["en", "de"]
    assert [shown(button) for button in switch.select("button[aria-pressed=true]")] == ["Deutsch"]
    back = switch.select("input[name=next]")[0]["value"]
    response = client.post(str(switch["action"]), {"language": "en", "next": back}, follow=True, headers=GERMAN)
    assert (response.redirect_chain, language_of(response)) == ([(WELCOME, 302)], "en")


def test_the_switch_on_the_answer_to_a_form_leads_to_where_the_visit_stands(alice: Visit) -> None:
    refused = say(alice, "?!")
    assert one(refused, "form#language input[name=next]")["value"] == "/visit/"


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "/", "", "javascript:alert(1)"])
def test_the_switch_leads_to_a_page_of_ours_that_is_there(client: Client, alice: Visit, elsewhere: str) -> None:
    for person in (client, alice.client):
        form = {"language": "de", "next": elsewhere}
        response = person.post("/language", form, headers={"accept": "text/html"}, follow=True)
        assert response.status_code == 200
        assert all(url.startswith("/") and not url.startswith("//") for url, _ in response.redirect_chain)
        assert (response.resolver_match.view_name == "task") is (person is alice.client)
    assert language_of(client.get("/nowhere")) == "de"


def test_staff_and_programs_read_english(coordinator_client: Client, open_study: Study) -> None:
    for path in ("/admin/", "/api/v1/studies/"):
        response = coordinator_client.get(path, headers=GERMAN)
        assert response.status_code == 200
        assert response["Content-Language"] == "en"


def test_a_fault_is_told_in_the_language_of_the_page(client: Client) -> None:
    assert shown(one(client.get("/nowhere", headers=GERMAN), "h1")) == "Seite nicht gefunden"


def test_a_person_is_asked_for_english_words_on_pages_in_another_language(alice: Visit) -> None:
    assert len(tree(alice.client.get(task_url(alice), headers=GERMAN)).select(".write-in")) == 1
    assert tree(alice.client.get(task_url(alice))).select(".write-in") == []


def test_where_people_write_german_the_page_says_so_in_the_readers_language(alice: Visit) -> None:
    Study.objects.update(phrase_language="de")
    asked = shown(one(alice.client.get(task_url(alice)), ".write-in"))
    assert asked == "Please write in German. The program that looks for your words reads no other language here."
    assert tree(alice.client.get(task_url(alice), headers=GERMAN)).select(".write-in") == []
    Study.objects.update(phrase_language="fr")
    asked = shown(one(alice.client.get(task_url(alice), headers=GERMAN), ".write-in"))
    assert asked.startswith("Bitte schreiben Sie auf Französisch.")


def test_a_scored_task_page_in_german_has_no_english_and_its_drawings_have_decimal_points(alice: Visit) -> None:
    for text in ("red", "dark"):
        say(alice, text)
    score_due_phrases()
    page = alice.client.get(task_url(alice), headers=GERMAN)
    assert english_on(page) == []
    whole = tree(page)
    assert one(page, "#history li.best")
    for name in ("x", "y", "width", "height", "x1", "x2", "aria-valuenow", "data-score", "data-seconds-left"):
        for element in whole.select(f"main [{name}], .top [{name}]"):
            float(str(element[name]).removesuffix("%"))


def english_on(page: Any) -> list[str]:
    """The English texts that a page shows."""
    source = re.sub(r"\s+", " ", str(BeautifulSoup(page.content, "html.parser")))
    texts = [message.id for message in messages.stored("de") if isinstance(message.id, str)]
    return [text for text in texts if len(text) > 12 and not re.search(r"%\(|[{<]", text) and text in source]
