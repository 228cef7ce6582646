"""The keys of the moderation table, played in a real browser."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import Moderation, Phrase
from tests.annotations.pages.test_in_a_browser import sign_in
from tests.support.actors import Visit
from tests.support.chromium import Chromium
from tests.support.pages_in_chromium import page_without_complaints
from tests.support.rows import add_phrase

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_keys_go_from_row_to_row_approve_one_and_ask_for_a_reason_first(
    live_server: LiveServer, chromium: Chromium, coordinator: User, alice: Visit
) -> None:
    for text in ("red", "dark", "an insult"):
        add_phrase(alice, text, 0.5)
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/study/{alice.session.study_id}/moderation/")
        expect(page.locator(".keys")).to_be_visible()
        rows = page.locator(".moderation tbody tr")
        expect(rows).to_have_count(3)
        texts = [each.inner_text() for each in rows.locator("th bdi").all()]
        page.keyboard.press("j")
        expect(rows.nth(0)).to_be_focused()
        page.keyboard.press("j")
        expect(rows.nth(1)).to_be_focused()
        page.keyboard.press("k")
        expect(rows.nth(0)).to_be_focused()
        page.keyboard.press("a")
        expect(rows).to_have_count(2)
        expect(rows.nth(0)).to_be_focused()  # the next one stands in its place
        page.keyboard.press("x")
        reason = rows.nth(0).get_by_label("Reason")
        expect(reason).to_be_focused()
        page.keyboard.type("jaxhf")  # letters in the field are no keys
        expect(reason).to_have_value("jaxhf")
        rows.nth(0).focus()
        page.keyboard.press("x")
        expect(rows).to_have_count(1)
    decided = {each.text: (each.moderation, each.moderation_reason) for each in Phrase.objects.all()}
    assert decided == {
        texts[0]: (Moderation.APPROVED, ""),
        texts[1]: (Moderation.EXCLUDED, "jaxhf"),
        texts[2]: ("", ""),
    }
