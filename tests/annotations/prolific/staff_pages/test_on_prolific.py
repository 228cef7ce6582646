"""The study on Prolific, from the pages: offered with each step, and shown with what came of it."""

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Audience, ProlificRequest, RequestState, Study, StudyState
from annotations.prolific import recruitment
from annotations.prolific import site_client as prolific_client
from annotations.prolific.request_sender import call_due
from tests.fake_prolific import FakeProlific
from tests.support.prolific_steps import THERE, put_on_prolific

BY_HAND = "Pause it on Prolific first: it goes on sending people."


@pytest.fixture
def study(open_study: Study, prolific: FakeProlific) -> Study:
    return put_on_prolific(open_study, prolific)


def step_of(study: Study, name: str) -> str:
    return reverse("admin:annotations_study_step", args=[study.pk, name])


def page_of(study: Study) -> str:
    return reverse("admin:annotations_study_on_prolific", args=[study.pk])


def seen(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize(
    ("name", "offer", "word"),
    [("pause", "Pause it on Prolific too", "PAUSED"), ("close", "Stop it on Prolific too", "AWAITING REVIEW")],
)
def test_a_step_offers_to_do_it_there_too(
    coordinator_client: Client, study: Study, prolific: FakeProlific, name: str, offer: str, word: str
) -> None:
    page = seen(coordinator_client, step_of(study, name))
    assert offer in page and BY_HAND not in page
    coordinator_client.post(step_of(study, name), {"on_prolific": "on"})
    assert call_due(prolific_client.client()) == 1  # type: ignore[arg-type]  # the fixture gives a token
    assert prolific.clerk.studies[THERE].status == word
    assert f"On Prolific: {word.lower()}" in seen(coordinator_client, f"/admin/annotations/study/{study.pk}/change/")


def test_a_tick_that_was_taken_away_leaves_it_there_as_it_is(coordinator_client: Client, study: Study) -> None:
    coordinator_client.post(step_of(study, "pause"))
    study.refresh_from_db()
    assert study.state == StudyState.PAUSED and not ProlificRequest.objects.exists()


@pytest.mark.parametrize("name", ["pause", "close"])
def test_without_a_token_the_step_says_what_to_do_there(
    coordinator_client: Client, study: Study, settings: Any, name: str
) -> None:
    settings.PROLIFIC_TOKEN = ""
    page = seen(coordinator_client, step_of(study, name))
    assert BY_HAND in page and 'name="on_prolific"' not in page
    assert "on Prolific’s own page" in seen(coordinator_client, page_of(study))


def test_of_experts_nothing_is_said_of_prolific(coordinator_client: Client, study: Study) -> None:
    Study.objects.update(audience=Audience.EXPERTS)
    assert "Prolific" not in seen(coordinator_client, step_of(study, "pause")).split("<form")[-1]


def test_it_can_be_paused_there_alone_after_a_second_look(
    coordinator_client: Client, study: Study, prolific: FakeProlific
) -> None:
    assert 'href="?act=pause_study"' in seen(coordinator_client, page_of(study))
    address = f"{page_of(study)}?act=pause_study"
    assert "Here the study stays active." in seen(coordinator_client, address)
    assert not ProlificRequest.objects.exists()
    coordinator_client.post(address, {"act": "pause_study"})
    assert "being sent" in seen(coordinator_client, page_of(study))
    call_due(prolific_client.client())  # type: ignore[arg-type]
    page = seen(coordinator_client, page_of(study))
    assert "nobody comes" in page and 'href="?act=start_study"' in page and 'href="?act=pause_study"' not in page


def test_what_failed_says_why(coordinator_client: Client, study: Study, prolific: FakeProlific) -> None:
    prolific.clerk.studies[THERE].status = "UNPUBLISHED"
    request = recruitment.ask(study, "pause_study", by="cora")
    call_due(prolific_client.client())  # type: ignore[arg-type]
    request.refresh_from_db()
    assert request.state == RequestState.FAILED
    assert "cannot go from UNPUBLISHED" in seen(coordinator_client, page_of(study))


def test_what_an_earlier_release_was_asked_for_is_not_sent_and_says_so(
    coordinator_client: Client, study: Study, prolific: FakeProlific
) -> None:
    recruitment.store(study, "create_draft", {"name": "Birds"}, by="cora")
    assert call_due(prolific_client.client()) == 0  # type: ignore[arg-type]
    assert ProlificRequest.objects.get().state == RequestState.FAILED
    page = seen(coordinator_client, page_of(study))
    assert "create draft" in page and "Do it on Prolific’s page." in page
    assert prolific.paths("POST") == []


def test_an_act_that_nobody_offers_is_not_there(coordinator_client: Client, study: Study) -> None:
    assert coordinator_client.get(f"{page_of(study)}?act=publish").status_code == 404
    coordinator_client.post(page_of(study), {"act": "publish"})
    assert not ProlificRequest.objects.exists()
