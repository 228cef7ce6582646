"""A context that several tests have in turn is as new to each of them."""

from pathlib import Path

from pytest_django.live_server_helper import LiveServer

from tests.support.chromium import Chromium

_TYPED = "sessionStorage.setItem('typed', 'red'), document.cookie"


def test_what_one_test_left_the_next_one_does_not_find(chromium: Chromium, live_server: LiveServer) -> None:
    with chromium.context(locale="de-DE") as first:
        first.add_cookies([{"name": "visit", "value": "1", "url": live_server.url}])
        page = first.new_page()
        page.goto(f"{live_server.url}/livez")
        assert page.evaluate(_TYPED) == "visit=1"
        first.set_offline(True)
        first.route("**", lambda route: route.abort())
    with chromium.context(locale="en") as other:
        assert other is not first
    with chromium.context(locale="de-DE") as second:
        assert second is first
        page = second.new_page()
        page.goto(f"{live_server.url}/livez")
        assert page.evaluate("[document.cookie, sessionStorage.length, navigator.onLine]") == ["", 0, True]


def test_who_sets_a_clock_has_a_context_that_nobody_has_later(chromium: Chromium) -> None:
    with chromium.context(is_kept=False) as own, chromium.context() as kept:
        assert own is not kept
    with chromium.context() as next_one:
        assert next_one is kept
    texts = {file.name: file.read_text("utf-8") for file in Path(__file__).parent.glob("*.py")}
    assert [name for name, text in texts.items() if ".page.clock." in text and "own_clock" not in text] == []
