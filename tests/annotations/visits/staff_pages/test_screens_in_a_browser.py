"""A coordinator looks at a screen that a visit saw, in a real browser."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, expect
from pytest_django.live_server_helper import LiveServer

from tests.annotations.pages.test_in_a_browser import sign_in
from tests.annotations.visits.staff_pages.test_seen_screens import page_of, see
from tests.support.accessibility import assert_no_violations_in_both_themes
from tests.support.actors import Visit
from tests.support.chromium import Chromium
from tests.support.pages_in_chromium import page_without_complaints


@pytest.mark.django_db(transaction=True)
def test_a_coordinator_looks_at_what_somebody_saw(
    live_server: LiveServer, chromium: Chromium, coordinator: User, alice: Visit
) -> None:
    seen = see(alice)
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        for screen, images in [(0, ".class-grid img"), (1, "#answer .side img")]:
            page.goto(live_server.url + page_of(seen))
            page.locator(".field-screens a").nth(screen).click()
            expect(page.get_by_text("Replayed.")).to_be_visible()
            assert_all_are_drawn(page.locator(images))
        assert page.locator("form, button, input").count() == 0
        assert_no_violations_in_both_themes(page)
        page.get_by_role("link", name="Back to the visit").click()
        expect(page.locator(".field-screens")).to_be_visible()


def assert_all_are_drawn(images: Locator) -> None:
    expect(images).not_to_have_count(0)
    for image in images.all():
        image.scroll_into_view_if_needed()
        expect(image).to_be_visible()
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("image => image.naturalWidth") > 0
