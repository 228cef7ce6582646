"""The pre-flight page against the study on Prolific, asked over HTTP with the site's token."""

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Study
from annotations.prolific_client.prolific_errors import Patience
from annotations.studies import lifecycle
from annotations.studies.staff_pages import preflight_page as preflight
from tests.fake_prolific import FakeProlific
from tests.fake_prolific.records import FakeStudy
from tests.fake_prolific.server import Trouble
from tests.support.prolific_steps import THERE, put_on_prolific
from tests.support.views_pages import tree

AGREES = f"“{THERE}” on Prolific agrees with this one"


@pytest.fixture
def study(draft_study: Study, prolific: FakeProlific) -> Study:
    """On Prolific too, both sides alike."""
    draft_study.quota, draft_study.reward_cents, draft_study.max_minutes = 30, 250, 45
    draft_study.save()
    put_on_prolific(draft_study, prolific)
    there = prolific.clerk.studies[THERE]
    there.status = "UNPUBLISHED"
    there.fields |= {
        "external_study_url": lifecycle.entry_url(draft_study),
        "prolific_id_option": "url_parameters",
        "total_available_places": 30,
        "maximum_allowed_time": 45,
        "reward": 250,
        "presentment_currency_code": "GBP",
    }
    return draft_study


@pytest.fixture
def there(study: Study, prolific: FakeProlific) -> FakeStudy:
    return prolific.clerk.studies[THERE]


def seen(client: Client, study: Study) -> str:
    answer = client.get(reverse("admin:annotations_study_preflight", args=[study.pk]))
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_two_that_agree_pass_by_one_question(coordinator_client: Client, study: Study, prolific: FakeProlific) -> None:
    assert f"{AGREES}. It is unpublished there." in seen(coordinator_client, study)
    assert prolific.paths() == [f"/studies/{THERE}/"]
    assert prolific.token not in seen(coordinator_client, study)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("external_study_url", "https://old.example.org/study/sprites/", "sends people to https://old.example.org/"),
        ("external_study_url", "https://app.prolific.co/x", "sends people to https://app.prolific.co/x, not here"),
        ("external_study_url", "", "sends people to no address"),
        ("prolific_id_option", "question", "Choose “URL parameters” there"),
        ("total_available_places", 31, "Prolific has 31 places, but the quota here is 30."),
        ("maximum_allowed_time", 12, "times people out after 12 minutes, and a visit may take 15"),
        ("maximum_allowed_time", 60, "maximum time is 60 minutes there and 45 here"),
        ("reward", 200, "The reward is 2.00 there and 2.50 here"),
        ("presentment_currency_code", "USD", "The reward is in USD there and in GBP here"),
        ("completion_codes", [], "The code for “completed” is not on Prolific"),
    ],
)
def test_what_differs_there_is_told(
    coordinator_client: Client, study: Study, there: FakeStudy, field: str, value: Any, sentence: str
) -> None:
    there.fields[field] = value
    page = seen(coordinator_client, study)
    assert sentence in page
    assert AGREES not in page


def test_that_no_study_there_is_known_is_warned_of_once(coordinator_client: Client, study: Study) -> None:
    Study.objects.update(external_study_id="")
    page = tree(coordinator_client.get(reverse("admin:annotations_study_preflight", args=[study.pk])))
    assert "Not compared because the study has no Prolific id." in page.select(".check-skip")[0].text
    warned = [each.text for each in page.select(".check-warn")]
    assert [text for text in warned if "Prolific id" in text] == [text for text in warned if "added later" in text]


def test_an_address_without_an_id_is_told(coordinator_client: Client, study: Study, there: FakeStudy) -> None:
    there.fields["external_study_url"] = lifecycle.entry_url(study).replace("SESSION_ID=", "SESSION=")
    assert "The address on Prolific lacks SESSION_ID" in seen(coordinator_client, study)


@pytest.mark.parametrize(
    ("number", "change", "sentence"),
    [
        (0, {"actor": "researcher"}, "“completed” has the researcher as its actor"),
        (0, {"code_type": "OTHER"}, "The completion code’s type on Prolific is OTHER"),
        (0, {"code": "C0DE1235"}, "The code for “completed” is not on Prolific"),
        (1, {"actor": "participant"}, "“researcher” has the participant as its actor"),
    ],
)
def test_a_code_that_is_another_one_there_is_told(
    coordinator_client: Client, study: Study, there: FakeStudy, number: int, change: dict[str, str], sentence: str
) -> None:
    there.fields["completion_codes"][number] |= change
    assert sentence in seen(coordinator_client, study)


@pytest.mark.parametrize(("paid", "action"), [(False, "REQUEST_RETURN"), (True, "FIXED_SCREEN_OUT_PAYMENT")])
def test_the_failed_checks_code_has_to_do_what_is_written_here(
    coordinator_client: Client, study: Study, there: FakeStudy, paid: bool, action: str
) -> None:
    Study.objects.update(failed_check_code="FAILED", failed_check_is_paid=paid)
    code = {"code": "FAILED", "code_type": "OTHER", "actor": "participant", "actions": [{"action": "MANUALLY_REVIEW"}]}
    there.fields["completion_codes"].append(code)
    assert f"does not set off {action} on Prolific" in seen(coordinator_client, study)
    code["actions"] = [{"action": action}]
    assert AGREES in seen(coordinator_client, study)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("ACTIVE", "Prolific already sends people, but this study is draft. Open it here, or pause it on Prolific."),
        ("PUBLISHING", "Prolific already sends people"),
        ("AWAITING REVIEW", "The study is awaiting review on Prolific, so nobody comes from there any more"),
        ("COMPLETED", "The study is completed on Prolific"),
        ("SCHEDULED", AGREES),
        ("SOMETHING NEW", AGREES),
    ],
)
def test_its_status_there_is_told(
    coordinator_client: Client, study: Study, there: FakeStudy, status: str, sentence: str
) -> None:
    there.status = status
    assert sentence in seen(coordinator_client, study)


def test_nothing_there_blocks_since_either_side_may_be_the_one_to_change(
    coordinator_client: Client, study: Study, there: FakeStudy
) -> None:
    before = seen(coordinator_client, study).count("check-block")
    there.fields |= {"completion_codes": [], "reward": 1, "external_study_url": ""}
    assert seen(coordinator_client, study).count("check-block") == before


def test_a_study_that_is_not_there_is_told(coordinator_client: Client, study: Study, prolific: FakeProlific) -> None:
    del prolific.clerk.studies[THERE]
    page = seen(coordinator_client, study)
    assert "Not compared" in page and AGREES not in page


@pytest.mark.parametrize(
    "trouble", [Trouble(status=429, headers={"Retry-After": "30"}), Trouble(status=503), Trouble(is_lost=True)]
)
def test_a_prolific_in_trouble_is_asked_once_and_told(
    coordinator_client: Client, study: Study, prolific: FakeProlific, trouble: Trouble
) -> None:
    prolific.meet(trouble)
    assert "Not compared" in seen(coordinator_client, study)
    assert len(prolific.calls) == 1


def test_a_slow_prolific_does_not_hold_the_page(
    coordinator_client: Client, study: Study, prolific: FakeProlific, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "PATIENCE", Patience(tries=1, connect=0.5, answer=0.1))
    prolific.meet(Trouble(seconds=0.5))
    assert "Not compared" in seen(coordinator_client, study)


def test_a_refused_token_is_told_and_not_shown(
    coordinator_client: Client, study: Study, prolific: FakeProlific, settings: Any
) -> None:
    settings.PROLIFIC_TOKEN = "an-old-token"
    page = seen(coordinator_client, study)
    assert "Not compared" in page and "an-old-token" not in page
