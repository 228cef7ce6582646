"""Two coordinators with one draft open, in two real browsers: the second save is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from annotations.models import Role, Study
from tests.annotations.studies.staff_pages.test_set_up_in_a_browser import fits_a_phone
from tests.support import pictures
from tests.support.accessibility import DJANGOS, assert_no_violations
from tests.support.chromium import Chromium

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pages(live_server: LiveServer, chromium: Chromium, draft_study: Study, settings: Any) -> Iterator[list[Page]]:
    """The draft, open in Ann's browser and in Ben's."""
    options: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
    address = f"{live_server.url}/admin/annotations/study/{draft_study.pk}/setup/"
    with chromium.context(**options) as anns, chromium.context(**options) as bens:
        for context, name in ((anns, "ann"), (bens, "ben")):
            user = User.objects.create_user(name, is_staff=True)
            draft_study.members.create(user=user, role=Role.COORDINATOR)
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
            context.new_page().goto(address)
        yield [*anns.pages, *bens.pages]


def test_the_second_save_keeps_what_was_typed_and_leads_to_the_saved_draft(
    pages: list[Page], draft_study: Study
) -> None:
    ann, ben = pages
    ann.locator("#id_title").fill("Ann's squares")
    ann.get_by_role("button", name="Save", exact=True).click()
    ann.get_by_text("The draft is stored.").wait_for()
    ben.locator("#id_title").fill("Ben's squares")
    ben.get_by_label("Quota").fill("30")
    ben.get_by_role("button", name="Save", exact=True).click()
    ben.get_by_text("ann saved this draft at").wait_for()
    assert ben.locator("#id_title").input_value() == "Ben's squares"
    assert ben.get_by_role("button", name="Save", exact=True).count() == 0
    fits_a_phone(ben)
    ben.evaluate("scrollTo(0, 0)")
    pictures.keep("admin-stale-draft", ben.screenshot)  # its beginning; the whole is long
    assert_no_violations(ben, "stale draft", without=DJANGOS, scheme="light")
    with ben.expect_popup() as opened:
        ben.get_by_role("link", name="Open the saved draft in a new tab").click()
    saved = opened.value
    assert saved.locator("#id_title").input_value() == "Ann's squares"
    saved.get_by_label("Quota").fill(ben.get_by_label("Quota").input_value())
    saved.get_by_role("button", name="Save", exact=True).click()
    saved.get_by_text("The draft is stored.").wait_for()
    draft_study.refresh_from_db()
    assert (draft_study.title, draft_study.quota, draft_study.revision) == ("Ann's squares", 30, 2)
