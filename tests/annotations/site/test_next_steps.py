"""The next step: what each place of a study says on top, and the page that its button leads to."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import Study
from annotations.site.study_overview import next_step
from annotations.studies import lifecycle
from annotations.studies.preflight.check_result import FixIn, doubt, warning
from annotations.studies.preflight.preflight_report import Part
from tests.support.actors import Visit
from tests.support.rows import add_phrase
from tests.support.views_pages import tree


def address(study: Study, name: str) -> str:
    return reverse(f"admin:annotations_study_{name}", args=[study.pk])


def said(client: Client, study: Study) -> str:
    page = client.get(address(study, "change")).content.decode()
    return page[page.index('aria-label="Next step"') : page.index("</section>")]


def test_a_draft_is_mended_then_rehearsed_then_opened(
    coordinator_client: Client, draft_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = draft_study.tasks.get()
    draft_study.tasks.all().delete()
    keeps = tree(coordinator_client.get(address(draft_study, "preflight"))).select(".lead p")[0].text
    assert "1 thing keeps the study from opening." in said(coordinator_client, draft_study) and "1 thing" in keeps
    task.pk = None
    task.save()
    assert "Rehearse it" in said(coordinator_client, draft_study)
    monkeypatch.setattr("annotations.site.study_overview.report", lambda study: [])
    assert address(draft_study, "change").replace("change", "step/open") in said(coordinator_client, draft_study)
    assert "worth a look" not in said(coordinator_client, draft_study)


def test_what_is_worth_a_look_is_a_click_away(
    coordinator_client: Client, draft_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tree(coordinator_client.get(address(draft_study, "preflight")))
    first = shown.select(".check-doubt, .check-warn")[0]
    assert (first.get("id"), len(shown.select("#worth-a-look"))) == ("worth-a-look", 1)
    assert shown.select('.lead a[href="#worth-a-look"]')[0].text.endswith("worth a look.")
    monkeypatch.setattr(
        "annotations.site.study_overview.report", lambda study: [Part("", [warning("Dear.", FixIn.MONEY)])]
    )
    to_see = f"{address(draft_study, 'preflight')}#worth-a-look"
    (link,) = tree(coordinator_client.get(address(draft_study, "change"))).select(".next .why a")
    assert (link["href"], link.text) == (to_see, "See what is worth a look.")


def test_a_draft_whose_findings_would_mean_little_says_so(draft_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [warning("Dear.", FixIn.MONEY), doubt("Near chance.", FixIn.LIBRARY)]
    monkeypatch.setattr("annotations.site.study_overview.report", lambda study: [Part("", checks)])
    step: Any = next_step(draft_study, "setup")
    assert step.sentence == "The study can open, but its results would be in doubt."


def test_an_open_study_says_who_is_inside(coordinator_client: Client, open_study: Study, alice: Visit) -> None:
    assert "1 person is inside now." in said(coordinator_client, open_study)


@pytest.mark.parametrize(
    ("only", "words"), [(False, "People whom you ask yourself need invitations."), (True, "with secure links on")]
)
def test_an_open_study_says_to_whom_its_link_may_go(open_study: Study, only: bool, words: str) -> None:
    open_study.only_verified = only
    step: Any = next_step(open_study, "run")
    assert step.sentence == "Nobody is inside. People come by the link." and words in step.more


def test_an_alarm_comes_first(coordinator_client: Client, open_study: Study) -> None:
    open_study.alarms.create(kind="scoring", message="Phrases wait for their score.", raised_at=timezone.now())
    shown = said(coordinator_client, open_study)
    assert (
        "Phrases wait for their score." in shown
        and "is-broken" in coordinator_client.get(address(open_study, "change")).content.decode()
    )


def test_a_place_does_not_lead_to_itself(coordinator_client: Client, open_study: Study) -> None:
    page = coordinator_client.get(address(open_study, "monitor")).content.decode()
    assert 'aria-label="Next step"' not in page


def test_findings_ask_for_moderation_and_then_to_be_read(
    coordinator_client: Client, open_study: Study, alice: Visit
) -> None:
    phrase = add_phrase(alice, "red", 0.5)
    step: Any = next_step(open_study, "findings")
    assert (step.sentence, step.url) == ("1 phrase has not been moderated.", address(open_study, "moderation"))
    phrase.moderation = "approved"
    phrase.save(update_fields=["moderation"])
    lifecycle.close_study(open_study)
    step = next_step(open_study, "findings")
    assert step.url == address(open_study, "results")


@pytest.mark.parametrize(("token", "is_there"), [("", False), ("a token", True)])
def test_prolific_is_a_page_where_the_site_has_a_token(
    coordinator_client: Client, open_study: Study, settings: Any, token: str, is_there: bool
) -> None:
    settings.PROLIFIC_TOKEN = token
    page = coordinator_client.get(address(open_study, "preflight")).content.decode()
    assert (address(open_study, "on_prolific") in page) is is_there


def test_many_classes_is_a_page_where_there_are_many(coordinator_client: Client, draft_study: Study) -> None:
    one = draft_study.tasks.get()
    assert address(draft_study, "classes") not in coordinator_client.get(address(draft_study, "setup")).content.decode()
    one.pk, one.position = None, 2
    one.save()
    assert address(draft_study, "classes") in coordinator_client.get(address(draft_study, "setup")).content.decode()
