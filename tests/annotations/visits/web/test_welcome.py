"""GET /study/<slug>/"""

import pytest
from django.test import Client

from annotations.models import AnnotationSession, Event, Study, Submission
from annotations.studies.lifecycle import close_study, pause_study
from tests.support.views_pages import one, shown, tree

IDS = {"PROLIFIC_PID": "carol", "STUDY_ID": "s", "SESSION_ID": "v"}


def test_the_welcome_page_says_what_awaits_and_carries_the_ids(client: Client, open_study: Study) -> None:
    response = client.get("/study/sprites/", IDS)
    assert response.status_code == 200
    form = one(response, "form#start")
    assert {field["name"]: field["value"] for field in form.select("input")}.items() >= IDS.items()
    facts = [shown(fact) for fact in tree(response).select(".facts dd")]
    assert facts == ["up to about 15 minutes", "to see pictures"]


@pytest.mark.parametrize(("language", "said"), [("en", "3.50 GBP"), ("de", "3,50 GBP")])
def test_the_welcome_page_says_what_it_pays_where_the_study_knows(
    client: Client, open_study: Study, language: str, said: str
) -> None:
    Study.objects.update(reward_cents=350)
    response = client.get("/study/sprites/", IDS, headers={"Accept-Language": language})
    assert said in shown(one(response, ".facts"))


def test_a_get_stores_nothing(client: Client, open_study: Study) -> None:
    events = Event.objects.count()
    for _ in range(2):
        client.get("/study/sprites/", IDS)
    assert not AnnotationSession.objects.exists()
    assert not Submission.objects.exists()
    assert Event.objects.count() == events
    assert "clarify_session" not in client.cookies


@pytest.mark.parametrize("missing", list(IDS))
def test_an_incomplete_link_is_refused_with_a_reason(client: Client, open_study: Study, missing: str) -> None:
    response = client.get("/study/sprites/", {name: value for name, value in IDS.items() if name != missing})
    assert response.status_code == 400
    assert "incomplete" in tree(response).text


@pytest.mark.parametrize("value", ["{{%PROLIFIC_PID%}}", "x" * 65, "a b", ["carol", "dave"], '"><script>x</script>'])
def test_a_malformed_link_is_refused_and_not_shown(client: Client, open_study: Study, value: str | list[str]) -> None:
    response = client.get("/study/sprites/", {**IDS, "PROLIFIC_PID": value})
    assert response.status_code == 400
    assert "incomplete" in tree(response).text
    assert not tree(response).select("form#start")
    assert b"<script>x" not in response.content


def test_a_link_with_a_nul_is_refused_before_it_is_read(client: Client, open_study: Study) -> None:
    response = client.get("/study/sprites/", {**IDS, "PROLIFIC_PID": "a\0b"})
    assert response.status_code == 400
    assert "could not read" in tree(response).text and not tree(response).select("form#start")


def test_a_link_of_another_study_is_refused(client: Client, open_study: Study) -> None:
    Study.objects.update(external_study_id="the-right-one")
    response = client.get("/study/sprites/", IDS)
    assert response.status_code == 404
    assert "belongs to another study" in tree(response).text
    assert client.get("/study/sprites/", {**IDS, "STUDY_ID": "the-right-one"}).status_code == 200


def test_a_study_names_its_own_parameters(client: Client, open_study: Study) -> None:
    Study.objects.update(participant_parameter="who")
    assert client.get("/study/sprites/", IDS).status_code == 400
    assert client.get("/study/sprites/", {**IDS, "who": "carol"}).status_code == 200


def test_a_study_that_does_not_exist_is_not_found(client: Client, db: None) -> None:
    response = client.get("/study/nowhere/", IDS)
    assert response.status_code == 404
    assert "no such study" in tree(response).text


def test_a_draft_is_not_open_yet(client: Client, draft_study: Study) -> None:
    response = client.get("/study/sprites/", IDS)
    assert response.status_code == 409
    assert "not opened yet" in tree(response).text
    assert not tree(response).select("form#start")


@pytest.mark.parametrize(("close", "word"), [(pause_study, "paused"), (close_study, "closed")])
def test_a_study_that_takes_nobody_new_lets_those_who_began_go_on(
    client: Client, open_study: Study, close: object, word: str
) -> None:
    client.post("/study/sprites/start", IDS)
    close(open_study)  # type: ignore[operator]
    for ids, n_forms in ((IDS, 1), ({**IDS, "PROLIFIC_PID": "somebody-else", "SESSION_ID": "other"}, 0)):
        response = client.get("/study/sprites/", ids)
        assert response.status_code == 409
        assert f"is {word}" in shown(one(response, "h1"))
        assert len(tree(response).select("form#start")) == n_forms


def test_title_and_introduction_are_in_the_language_of_the_page_where_they_were_translated(
    client: Client, open_study: Study
) -> None:
    Study.objects.update(introduction="Look at shapes.", translations={"de": {"title": "Formen"}})
    page = client.get("/study/sprites/", IDS, headers={"Accept-Language": "de"})
    assert (shown(one(page, "h1")), one(page, "h1")["lang"]) == ("Formen", "de")
    assert (shown(one(page, ".prose")).strip(), one(page, ".prose")["lang"]) == ("Look at shapes.", "en")
    assert shown(one(page, ".other-language")) == "Diesen Text gibt es nur auf Englisch."
    assert not tree(client.get("/study/sprites/", IDS)).select(".other-language")


def test_who_runs_the_study_is_named_before_consent(client: Client, open_study: Study) -> None:
    def facts() -> list[str]:
        return [shown(fact) for fact in tree(client.get("/study/sprites/", IDS)).select(".facts dd")]

    without = facts()
    Study.objects.update(researchers="Ann Lee, University of Leeds")
    assert [fact for fact in facts() if fact not in without] == ["Ann Lee, University of Leeds"]


def test_the_example_shows_an_answer_with_its_numbers(client: Client, open_study: Study) -> None:
    page = shown(one(client.get("/study/sprites/", IDS), "main"))
    assert "A good answer: stripes. With them, the AI is wrong on 9 of 10." in page
