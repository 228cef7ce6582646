"""From people who came in to everyone paid, in a real browser, with a Prolific at the other end.

Every page is looked at with axe and at the width of a phone; CLARIFY_SCREENSHOTS=1 keeps the pictures of the docs.
"""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import AnnotationSession, BatchState, PaymentBatch, Study, Submission
from annotations.prolific import site_client as prolific_client
from annotations.prolific.submissions import reconcile
from tests.annotations.pages.test_in_a_browser import shoot, sign_in
from tests.fake_prolific import FakeProlific
from tests.fake_prolific.server import Trouble
from tests.support.accessibility import DJANGOS, assert_no_violations_in_both_themes, follow, overhang
from tests.support.chromium import Chromium
from tests.support.money import complete, right_words, wrong_words
from tests.support.pages_in_chromium import page_without_complaints
from tests.support.prolific_steps import arrive, begin_there, put_on_prolific
from worker.prolific import send_due_requests

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGE = "You typed the same word forty times in under a minute, so nothing of it says anything about the pictures."


def look(page: Page, name: str = "") -> None:
    """Keep a picture where it has a name, look at the page with axe, and see that it fits a phone."""
    if name:
        shoot(page, name)
    assert_no_violations_in_both_themes(page, without=DJANGOS)
    page.set_viewport_size({"width": 400, "height": 800})
    assert overhang(page) == 0, page.url
    for table in page.locator(".scrolls:has(.stacks)").all():  # nor does a table scroll within it
        assert table.evaluate("box => box.scrollWidth - box.clientWidth") <= 0, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.fixture
def study(open_study: Study, prolific: FakeProlific, settings: Any) -> Study:
    """Nine people came, not all as they should; the poll has just gone through."""
    open_study.bonus_cents, open_study.goal, open_study.reward_cents = 50, 0.4, 250
    open_study.save(update_fields=["bonus_cents", "goal", "reward_cents"])
    study = put_on_prolific(open_study, prolific)
    two_hours = dt.timedelta(hours=2)
    stories = {
        "anna": "AWAITING REVIEW",
        "bert": "AWAITING REVIEW",
        "cleo": "AWAITING REVIEW",
        "dora": "TIMED-OUT",
        "emil": "RETURNED",
        "finn": "ACTIVE",
    }
    for name, status in stories.items():
        there = begin_there(prolific, study, name, status, reward=250)
        if status == "AWAITING REVIEW":
            there.entered_code = "OTHER" if name == "cleo" else study.completion_code
            there.completed_at = timezone.now() - two_hours
        words = right_words(study) if name in ("anna", "dora") else wrong_words(study)
        complete(study, name, {"red ones": words})
    begin_there(prolific, study, "gina", "AWAITING REVIEW", reward=250)
    begin_there(prolific, study, "hugo")
    arrive(study, "hugo")
    arrive(study, "ines", consents=False)
    ended = AnnotationSession.objects.filter(study=study)
    ended.update(created_at=timezone.now() - 2 * two_hours)
    ended.exclude(ended_at=None).update(ended_at=timezone.now() - two_hours)
    reconcile(study, prolific_client.client())  # type: ignore[arg-type]  # the fixture sets the token
    return study


def test_a_coordinator_mends_what_differs_and_approves_the_rest(
    live_server: LiveServer, chromium: Chromium, coordinator: User, study: Study, prolific: FakeProlific
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/study/{study.pk}/reconciliation/")
        look(page, "admin-reconciliation")
        follow(page.get_by_role("link", name="Done here, timed out there (1)"))
        look(page)
        page.get_by_role("button", name="Complete it there").click()
        page.get_by_text("complete: being sent").wait_for()
        send_due_requests()
        sent = page.get_by_text("complete: being sent")
        expect(sent).to_have_count(0)  # the page looks again by itself
        page.goto(f"{live_server.url}/admin/annotations/study/{study.pk}/reconciliation/?show=wrong_code")
        follow(page.locator("table.reconciliation tbody th a"))
        page.get_by_role("button", name="Reveal the ids").click()
        page.get_by_text("cleo-person").wait_for()
        page.reload()
        expect(page.get_by_text("cleo-person")).to_have_count(1)  # a reload sends the act again, and is audited again
        page.goto(page.url)
        expect(page.get_by_text("cleo-person")).to_have_count(0)
        look(page, "admin-submission")
        page.get_by_label("Message, which the person reads").fill("Which code did you see at the end?")
        page.get_by_role("button", name="Send", exact=True).click()
        page.get_by_text("Prolific is asked for it").wait_for()
        page.get_by_text("Reject …").click()
        page.get_by_label("Category").select_option("LOW_EFFORT")
        page.get_by_label("Message of at least 100").fill(MESSAGE)
        look(page, "admin-reject")
        page.goto(f"{live_server.url}/admin/annotations/study/{study.pk}/reconciliation/")
        page.get_by_role("button", name="Approve all").click()
        page.get_by_text("asked to approve").wait_for()
        assert send_due_requests() == 1  # the message; the approvals are under way at Prolific
        prolific.clerk.run_jobs()
        assert prolific.clerk.messages
        assert sum(there.status == "APPROVED" for there in prolific.clerk.submissions.values()) == 3


def test_a_coordinator_pays_bonuses_and_answers_a_question(
    live_server: LiveServer, chromium: Chromium, coordinator: User, study: Study, prolific: FakeProlific
) -> None:
    Submission.objects.filter(status="AWAITING REVIEW").update(status="APPROVED")
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/study/{study.pk}/payments/")
        look(page)
        page.get_by_role("button", name="Apply the bonus rule").click()
        page.get_by_text("2 of them earned the bonus").wait_for()
        look(page, "admin-payments")
        follow(page.get_by_role("button", name="Make a batch of those chosen"))
        look(page, "admin-batch")
        page.get_by_role("button", name="Pay it through Prolific").click()
        page.get_by_text("being sent").wait_for()
        prolific.meet(Trouble(is_lost=True))
        send_due_requests()
        page.get_by_text("Clarify sends nothing again until you do").wait_for()
        look(page, "admin-payment-question")
        (made,) = prolific.clerk.bonus_requests.values()
        prolific.clerk.pay_bonuses(made.request_id)  # on Prolific's page
        page.get_by_role("button", name="I see it paid on Prolific").click()
        page.get_by_text("Noted as paid.").wait_for()
        look(page)
        assert PaymentBatch.objects.get().state == BatchState.PAID


def test_without_a_token_the_same_is_done_by_files(
    live_server: LiveServer, chromium: Chromium, coordinator: User, study: Study, settings: Any
) -> None:
    settings.PROLIFIC_TOKEN = ""
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/study/{study.pk}/reconciliation/")
        look(page, "admin-reconciliation-by-hand")
        with page.expect_download() as list_of:
            page.get_by_role("button", name="List of those to approve").click()
        assert "anna-visit" in list_of.value.path().read_text()
        page.goto(f"{live_server.url}/admin/annotations/study/{study.pk}/payments/")
        page.get_by_role("button", name="Apply the bonus rule").click()
        page.get_by_role("button", name="Make a batch of those chosen").click()
        with page.expect_download() as file:
            page.get_by_role("button", name="File: Prolific ids and amounts").click()
        assert sorted(file.value.path().read_text().split()) == ["anna-person,0.50", "dora-person,0.50"]
        page.reload()
        look(page)
        assert PaymentBatch.objects.get().state == BatchState.EXPORTED
