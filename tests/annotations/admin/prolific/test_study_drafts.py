"""The pages that make the draft on Prolific and raise its places: nothing is sent before a second look."""

import html

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import ProlificRequest, Study
from tests.fake_prolific import FakeProlific
from tests.prolific_steps import put_on_prolific

FORM = {"description": "Describe pictures.", "minutes": "15", "devices": ["desktop"]}


@pytest.fixture
def study(draft_study: Study, prolific: FakeProlific) -> Study:
    draft_study.quota, draft_study.reward_cents = 30, 250
    draft_study.save()
    return draft_study


def address(study: Study, name: str) -> str:
    return reverse(f"admin:annotations_study_{name}", args=[study.pk])


def sent(client: Client, study: Study, name: str, **form: object) -> str:
    answer = client.post(address(study, name), form, follow=True)
    return html.unescape(answer.content.decode())


def test_what_will_be_sent_is_shown_before_it_is_sent(coordinator_client: Client, study: Study) -> None:
    page = sent(coordinator_client, study, "prolific_draft", **FORM)
    assert "2.50 GBP" in page and "{{%PROLIFIC_PID%}}" in page and "COMPLETED, by the participant" in page
    assert not ProlificRequest.objects.exists()
    assert "being sent" in sent(coordinator_client, study, "prolific_draft", sure="yes", **FORM)
    request = ProlificRequest.objects.get()
    assert (request.act, request.detail["total_available_places"]) == ("create_draft", 30)


def test_a_form_with_nothing_in_it_is_shown_again(coordinator_client: Client, study: Study) -> None:
    assert "This field is required" in sent(coordinator_client, study, "prolific_draft", sure="yes")
    assert not ProlificRequest.objects.exists()


def test_a_study_that_is_on_prolific_gets_no_second_draft(
    coordinator_client: Client, study: Study, prolific: FakeProlific
) -> None:
    put_on_prolific(study, prolific)
    assert "already has an id on Prolific" in sent(coordinator_client, study, "prolific_draft", sure="yes", **FORM)
    assert not ProlificRequest.objects.exists()


def test_places_are_raised_after_a_second_look_and_never_lowered(
    coordinator_client: Client, study: Study, prolific: FakeProlific
) -> None:
    put_on_prolific(study, prolific)
    assert "can only be raised" in sent(coordinator_client, study, "prolific_places", places="30")
    assert "50.00 GBP" in sent(coordinator_client, study, "prolific_places", places="50")
    assert not ProlificRequest.objects.exists()
    assert "Raise the places to 50" in sent(coordinator_client, study, "prolific_places", places="50", sure="yes")
    study.refresh_from_db()
    assert study.quota == 50


def test_without_a_quota_it_says_where_one_is_set(
    coordinator_client: Client, study: Study, prolific: FakeProlific
) -> None:
    put_on_prolific(study, prolific)
    Study.objects.update(quota=None)
    answer = sent(coordinator_client, study, "prolific_places", places="30")
    assert "set one under" in answer and f"/admin/annotations/study/{study.pk}/amend/" in answer
    assert "no quota to raise yet" in answer


@pytest.mark.parametrize("name", ["prolific_draft", "prolific_places"])
def test_without_a_token_the_page_says_where_to_do_it(
    coordinator_client: Client, study: Study, settings: object, name: str
) -> None:
    settings.PROLIFIC_TOKEN = ""  # type: ignore[attr-defined]  # pytest-django's
    answer = coordinator_client.get(address(study, name))
    assert "on Prolific’s own page" in answer.content.decode()
