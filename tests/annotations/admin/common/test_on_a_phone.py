"""The staff's pages on a phone of 320 pixels: nothing is wider than the window, and all that is needed is in sight."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.admin.study_registry import PAGES
from annotations.models import Phrase, Study
from tests.accessibility import overhang
from tests.actors import Visit
from tests.annotations.exports.rows import add_phrase, add_run
from tests.annotations.views.pages import task_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone(chromium: Browser, live_server: LiveServer, coordinator_client: Client) -> Iterator[Page]:
    """A phone on which a coordinator is signed in; addresses begin at the site's."""
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True
    )
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": coordinator_client.cookies[name].value, "url": live_server.url}])
    yield context.new_page()
    context.close()


@pytest.fixture
def seen(open_study: Study, alice: Visit) -> Study:
    """A study with a phrase, its run, and a screen that showed it."""
    add_run(add_phrase(alice, "extraordinarilylongwordsthatnobodywouldwrite" * 2, 0.75), 0.5)
    alice.client.get(task_url(alice))
    return open_study


def test_no_page_of_a_study_scrolls_sideways(phone: Page, seen: Study) -> None:
    pages = [page.url(seen) for page in PAGES if page.in_navigation and page.applies_to(seen)]
    assert len(pages) > 12
    for address in ("/admin/", f"/admin/annotations/study/{seen.pk}/change/", *pages):
        phone.goto(address)
        expect(phone.locator("#content")).to_be_visible()
        assert overhang(phone) == 0, address


def test_how_far_people_came_is_drawn(phone: Page, seen: Study) -> None:
    phone.goto(f"/admin/annotations/study/{seen.pk}/change/")
    widths = phone.locator(".funnel meter").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    assert widths and min(widths) > 40


def test_a_token_is_shown_whole_and_can_be_revoked(phone: Page, coordinator: User) -> None:
    phone.goto(reverse("access_tokens"))
    phone.get_by_label("What it is for").fill("the notebook of the whole group")
    phone.get_by_role("button", name="Make a token").click()
    phone.get_by_role("button", name="Copy").click()
    assert phone.locator("#token").evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert overhang(phone) == 0
    phone.get_by_role("button", name="Revoke the notebook of the whole group").click()
    expect(phone.get_by_text("None.")).to_be_visible()


def test_the_sentence_of_a_replayed_screen_covers_nothing(phone: Page, seen: Study) -> None:
    phone.goto(reverse("admin:annotations_phrase_screen", args=[Phrase.objects.get().pk]))
    expect(phone.get_by_text("Replayed.")).to_be_visible()
    assert overhang(phone) == 0
    edges = "all => all.map(one => one.getBoundingClientRect()).map(box => [box.top, box.bottom])"
    (_, first_ends), (second_begins, _) = sorted(phone.locator(".ask, #answer").evaluate_all(edges))
    assert first_ends <= second_begins
