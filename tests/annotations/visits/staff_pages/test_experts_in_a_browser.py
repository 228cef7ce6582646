"""An expert from the draft to the end of their visit, moderation and withdrawals, in a real browser."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from annotations.models import BaseModel, Moderation, Phrase, Study
from annotations.releases import moderation
from annotations.studies import lifecycle
from annotations.visits import erasure
from annotations.visits import expert_visits as experts
from tests.annotations.pages.test_in_a_browser import shoot, sign_in
from tests.support.accessibility import DJANGOS, assert_no_violations_in_both_themes, follow, overhang
from tests.support.actors import Visit
from tests.support.chromium import Chromium
from tests.support.experts import experts_draft
from tests.support.pages_in_chromium import page_without_complaints
from tests.support.steps import end, submit_and_score, workers
from worker.phrases.scoring import score_due_phrases
from worker.runs.run_training import train_due_runs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scoring(transactional_db: None) -> Iterator[None]:
    """Phrases are scored, as by a worker."""
    with workers(score_due_phrases):
        yield


@pytest.fixture
def written(alice: Visit) -> Study:
    """A study in which Alice wrote two phrases, one of them flagged, with what their corrections do."""
    long = "a very long phrase of somebody who writes and writes about red squares and blue ones"
    submit_and_score(alice, "red", long)
    end(alice)
    train_due_runs()
    moderation.moderate(Phrase.objects.latest("pk"), Moderation.FLAGGED, by="carol", reason="Names somebody?")
    return alice.session.study


def look(page: Page, name: str) -> None:
    """Keep a picture, and see that the page fits a phone."""
    shoot(page, name)
    page.set_viewport_size({"width": 400, "height": 800})
    assert overhang(page) == 0, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def test_an_expert_annotates_the_classes_that_they_pick(
    live_server: LiveServer, chromium: Chromium, coordinator: User, base_model: BaseModel, scoring: None
) -> None:
    draft = experts_draft(base_model)
    draft.tasks.all().delete()
    study = f"{live_server.url}/admin/annotations/study/{draft.pk}"
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{study}/change/")
        page.get_by_role("link", name="Many classes").first.click()
        page.get_by_label("Base model").select_option(label=str(base_model))
        assert page.get_by_label("Time limit, seconds").input_value() == ""
        page.get_by_role("button", name="Add").click()
        page.get_by_text("Added 2 tasks.").wait_for()
        look(page, "admin-classes")
        page.get_by_role("link", name="Pre-flight").click()
        page.get_by_role("link", name="Open the study").click()
        page.get_by_role("button", name="Open the study").click()
        follow(page.get_by_role("link", name="Annotate as an expert").first)
        look(page, "admin-annotate")
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("heading", name="Not begun yet").wait_for()
        look(page, "expert-classes")
        page.get_by_role("button", name="Begin oval").click()
        page.get_by_role("textbox", name="The AI is often wrong").fill("blue")
        page.get_by_role("button", name="Check").click()
        page.locator(".history").get_by_text("blue").wait_for()
        look(page, "expert-task")
        page.get_by_label("Your notes on this class").fill("Blue ovals are often cut off.")
        page.get_by_role("button", name="Previous square").click()
        page.get_by_role("button", name="Skip this class").click()
        assert page.locator("textarea:invalid").count() == 1, "the browser asks why"
        page.get_by_label("Your notes on this class").fill("Too dark to tell.")
        page.get_by_role("button", name="Skip this class").click()
        page.get_by_role("heading", name="oval").wait_for()
        page.get_by_role("link", name="All classes").click()
        look(page, "expert-classes-skipped")
        page.get_by_role("button", name="Take up again square").click()
        page.get_by_role("textbox", name="The AI is often wrong").fill("red")
        page.get_by_role("button", name="Check").click()
        page.locator(".history").get_by_text("red").wait_for()
        page.get_by_role("button", name="Done", exact=True).click()
        page.goto(f"{study}/annotate/")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("link", name="Go on oval").click()
        page.get_by_role("button", name="Done", exact=True).click()
        page.get_by_role("heading", name="Done").wait_for()
        look(page, "expert-classes-done")
        page.get_by_role("link", name="I have done all that I want to do").click()
        page.get_by_role("button", name="Finish").click()
        page.get_by_role("heading", name="Thank you").wait_for()
        look(page, "expert-end")
    visit = draft.sessions.get()
    assert (visit.kind, visit.stage) == ("expert", "finished")
    assert list(visit.assignments.order_by("position").values_list("task__target_class", flat=True)) == [1, 0]


def test_a_coordinator_moderates_and_takes_a_person_out(
    live_server: LiveServer, chromium: Chromium, coordinator: User, written: Study, alice: Visit
) -> None:
    study = f"{live_server.url}/admin/annotations/study/{written.pk}"
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{study}/moderation/?state=all")
        page.get_by_text("Every group").first.click()
        look(page, "admin-moderation")
        page.get_by_text("With a reason").last.click()
        page.get_by_label("Reason").last.fill("an insult")
        page.get_by_role("button", name="Exclude").last.click()
        page.get_by_text("The decision is stored.").wait_for()
        page.get_by_role("link", name="People and money").click()
        page.get_by_role("link", name="Withdrawals").click()
        page.get_by_label("Pseudonym here").fill(alice.external_ids["PROLIFIC_PID"])
        follow(page.get_by_role("button", name="Look up"))
        look(page, "admin-withdraw")
        page.get_by_label("How they asked for it").fill("A message on Prolific of 24 November.")
        page.get_by_role("button", name="Withdraw P").click()
        page.get_by_text("is being deleted").wait_for()
        erasure.erase_due(timezone.now())
        page.reload()
        look(page, "admin-withdrawals")
    assert not Phrase.objects.exists()


def test_none_of_these_pages_has_a_violation(
    live_server: LiveServer, chromium: Chromium, coordinator: User, written: Study, base_model: BaseModel
) -> None:
    study = experts_draft(base_model)
    paths = [f"/admin/annotations/study/{study.pk}/{name}/" for name in ("classes", "annotate", "change")]
    paths += [f"/admin/annotations/study/{written.pk}/{name}/" for name in ("moderation/?state=all", "withdrawals")]
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        for path in paths:
            page.goto(f"{live_server.url}{path.replace('/?state=all/', '/?state=all')}")
            assert_no_violations_in_both_themes(page, path, without=DJANGOS)
        lifecycle.open_study(study)
        page.goto(f"{live_server.url}{paths[1]}")
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("link", name="Leave and come back later").wait_for()
        assert_no_violations_in_both_themes(page, without=DJANGOS)
        experts.pick(study.sessions.get(), study.tasks.first())  # type: ignore[arg-type]
        page.reload()
        assert_no_violations_in_both_themes(page, without=DJANGOS)
