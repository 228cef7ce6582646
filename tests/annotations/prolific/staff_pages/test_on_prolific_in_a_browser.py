"""Pausing a study on both sides, and taking a rejection back, in a real browser with a Prolific at the other end."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import Study, Submission
from annotations.prolific import site_client as prolific_client
from annotations.prolific.submissions import reconcile
from tests.annotations.pages.test_in_a_browser import sign_in
from tests.annotations.payments.staff_pages.test_payments_in_a_browser import look
from tests.fake_prolific import FakeProlific
from tests.support.chromium import Chromium
from tests.support.money import done_there
from tests.support.pages_in_chromium import page_without_complaints
from tests.support.prolific_steps import THERE, put_on_prolific
from worker.prolific import send_due_requests

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_study_is_paused_on_both_sides_and_started_there_again(
    open_study: Study, prolific: FakeProlific, live_server: LiveServer, chromium: Chromium, coordinator: User
) -> None:
    study, there = put_on_prolific(open_study, prolific), prolific.clerk.studies[THERE]
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/study/{study.pk}/step/pause/")
        expect(page.get_by_label("Pause it on Prolific too")).to_be_checked()
        look(page, "admin-pause")
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("pause: being sent")).to_be_visible()
        send_due_requests()
        assert there.status == "PAUSED"
        page.get_by_role("link", name="On Prolific").first.click()
        expect(page.get_by_text("Pause it there")).to_be_visible()
        look(page, "admin-on-prolific")
        page.get_by_role("link", name="Start it there again").click()
        expect(page.get_by_text("Here the study stays paused.")).to_be_visible()
        look(page)
        page.get_by_role("button", name="Start it there again").click()
        expect(page.get_by_text("being sent")).to_be_visible()
        send_due_requests()
        expect(page.get_by_text("so they cannot enter")).to_be_visible()  # the page looks again itself
        assert there.status == "ACTIVE"


def test_a_rejection_is_taken_back(
    open_study: Study, prolific: FakeProlific, live_server: LiveServer, chromium: Chromium, coordinator: User
) -> None:
    study = put_on_prolific(open_study, prolific)
    done_there(prolific, study, "anna", "REJECTED")
    client = prolific_client.client()
    assert client is not None
    reconcile(study, client)
    anna = Submission.objects.get()
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/study/{study.pk}/submission/?submission={anna.pk}")
        page.get_by_text("Undo the rejection …").click()
        page.get_by_label("Reason, for the audit log alone").fill("They wrote to us: the page had frozen.")
        page.get_by_label("Take it back: the submission awaits review again").check()
        look(page, "admin-unreject")
        page.get_by_role("button", name="Undo the rejection").click()
        send_due_requests()
        page.reload()
        expect(page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
