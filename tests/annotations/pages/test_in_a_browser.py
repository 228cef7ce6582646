"""A coordinator's way through the admin in a real browser, under the site's content policy."""

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import Study
from tests.support import pictures
from tests.support.accessibility import overhang
from tests.support.actor_fixtures import COORDINATOR_PASSWORD
from tests.support.actors import Visit
from tests.support.analysis_studies import analyse
from tests.support.chromium import Chromium
from tests.support.pages_in_chromium import page_without_complaints
from tests.support.rows import add_phrase, add_run

pytestmark = pytest.mark.django_db(transaction=True)


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the whole page where the docs show it."""
    pictures.keep(name, lambda: page.screenshot(full_page=True))


def sign_in(page: Page, origin: str) -> None:
    """Be signed in as the coordinator, on no page yet."""
    client = Client()
    client.force_login(User.objects.get(username="coordinator"))
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": origin}])


def sign_in_by_password(page: Page, origin: str) -> None:
    page.goto(f"{origin}/admin/")
    page.get_by_label("Username").fill("coordinator")
    page.get_by_label("Password").fill(COORDINATOR_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Studies", exact=True).wait_for()


def test_a_coordinator_watches_people_and_reads_what_they_found(
    live_server: LiveServer, chromium: Chromium, coordinator: User, open_study: Study, alice: Visit, bob: Visit
) -> None:
    for visit, text, value, accuracy in (
        (alice, "red squares", 0.75, 0.5),
        (alice, "=dark ones", 0.25, None),
        (bob, "אדום", 0.5, 0.75),
    ):
        run = add_run(add_phrase(visit, text, value), accuracy)
    add_phrase(bob, "<b>tilted</b>")
    analyse(open_study)
    study = f"{live_server.url}/admin/annotations/study/{open_study.pk}/change/"
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in_by_password(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/study/")
        page.goto(study)
        page.get_by_role("heading", name="Findings so far").wait_for()
        page.get_by_role("link", name="<b>tilted</b>").wait_for()
        page.set_viewport_size({"width": 1280, "height": 1180})  # what stands above the set-up
        pictures.keep("admin-study", page.screenshot)
        page.set_viewport_size({"width": 390, "height": 844})
        assert overhang(page) == 0
        assert page.locator("#entry-url").bounding_box()["width"] > 150  # type: ignore[index]
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"{live_server.url}/admin/annotations/run/{run.pk}/change/")
        page.get_by_role("link", name="Download the head and its model card").wait_for()
        shoot(page, "admin-run")
        for name in ("annotationsession", "assignment", "phrase", "run", "basemodel", "dataset", "event"):
            page.goto(f"{live_server.url}/admin/annotations/{name}/")
            page.locator("#result_list").wait_for()
            assert overhang(page) == 0
        page.goto(study)
        with page.expect_download() as download:
            page.get_by_text("More", exact=True).click()
            page.get_by_role("link", name="Export").click()
        expect(page.get_by_role("link", name="Clone")).to_be_hidden()  # the menu is closed after a choice
        page.get_by_text("More", exact=True).click()
        expect(page.get_by_role("link", name="Clone")).to_be_visible()
        page.get_by_role("heading", level=1).click()
        expect(page.get_by_role("link", name="Clone")).to_be_hidden()
        assert download.value.suggested_filename == "clarify-sprites.zip"
