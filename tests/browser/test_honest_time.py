"""How time was spent is stored as it was: seen, idle, hidden, offline, waiting; and which image was enlarged."""

import datetime as dt
import time
from collections.abc import Callable
from itertools import groupby
from operator import attrgetter

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annotations.models import AnnotationSession, Event, Span, event_kinds
from tests.browser.visitor import Visitor, back_to_all_images
from worker.phrases.scoring import score_due_phrases

pytestmark = pytest.mark.usefixtures("own_clock")

_MINUTE_MS = 60_000


def until(holds: Callable[[], bool]) -> None:
    """Wait for what a page reports after it has shown everything."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, list(Span.objects.values("kind", "began_at", "ended_at"))
        time.sleep(0.02)


def seconds(kind: str) -> float:
    spans = Span.objects.filter(kind=kind).values_list("began_at", "ended_at")
    return sum((ended - began).total_seconds() for began, ended in spans)


def length(span: Span) -> float:
    return (span.ended_at - span.began_at).total_seconds()


def switch_away(visitor: Visitor, hidden: bool) -> None:
    """Let the page believe that its tab was left or came back: a headless browser shows all of its tabs."""
    state = "hidden" if hidden else "visible"
    script = (
        f"Object.defineProperty(document, 'visibilityState', {{ value: '{state}', configurable: true }});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    visitor.page.evaluate(script)


def go_to_task_with_a_clock_of_its_own(visitor: Visitor) -> None:
    """The page's clock will be ahead of the server's, so the visit has begun an hour ago."""
    visitor.page.clock.install()
    visitor.go_to_task()
    AnnotationSession.objects.update(created_at=timezone.now() - dt.timedelta(hours=1))


def test_after_half_a_minute_without_a_hand_the_page_is_idle_until_one_comes_back(visitor: Visitor) -> None:
    go_to_task_with_a_clock_of_its_own(visitor)
    visitor.page.clock.run_for(_MINUTE_MS)
    visitor.page.mouse.move(50, 60)
    visitor.page.clock.run_for(20_000)
    until(lambda: seconds("idle") > 28 and seconds("visible") > 42)
    assert seconds("idle") == pytest.approx(30, abs=2)
    assert seconds("visible") == pytest.approx(50, abs=8)
    assert seconds("hidden") == 0


def test_a_tab_that_was_left_and_a_closed_lid_are_hidden(visitor: Visitor) -> None:
    go_to_task_with_a_clock_of_its_own(visitor)
    switch_away(visitor, hidden=True)
    visitor.page.clock.fast_forward(_MINUTE_MS)
    switch_away(visitor, hidden=False)
    visitor.page.clock.run_for(2_000)
    visitor.page.clock.fast_forward(2 * _MINUTE_MS)  # no timer of the page ran meanwhile
    visitor.page.clock.run_for(20_000)
    until(lambda: seconds("hidden") > 150)
    assert seconds("hidden") == pytest.approx(180, abs=3)
    assert seconds("idle") == 0


def test_waiting_for_a_score_and_an_enlarged_image_lie_over_the_time_in_view(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    visitor.say("red")
    score_due_phrases()
    visitor.sees_score_of("red")
    back_to_all_images(page)
    page.click("#wrong-images a >> nth=1")
    expect(page.locator("#enlarged")).to_be_visible()
    page.keyboard.press("Escape")
    address = str(page.get_attribute("#wrong-images a >> nth=1", "href"))
    visitor.press("done")
    until(lambda: Span.objects.filter(kind="enlarged").exists())
    assert Span.objects.get(kind="enlarged").image_key == address.split("/")[3]
    assert seconds("waiting") > 0
    assert Span.objects.filter(kind="waiting", assignment__isnull=False).exists()


def test_time_without_a_network_is_told_when_it_is_back(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.page.context.set_offline(True)
    visitor.page.wait_for_timeout(300)
    visitor.page.context.set_offline(False)
    until(lambda: seconds("offline") >= 0.25)


def test_every_moment_on_a_page_is_seen_or_hidden_without_a_gap(visitor: Visitor) -> None:
    go_to_task_with_a_clock_of_its_own(visitor)
    for hidden in (True, False):
        visitor.page.clock.run_for(20_000)
        switch_away(visitor, hidden)
    visitor.page.clock.run_for(20_000)
    visitor.page.reload()
    of_the_page = Span.objects.filter(opening__in=Span.objects.filter(kind="hidden").values("opening"))

    def parts() -> list[tuple[str, float]]:
        """Spans of one kind that follow each other, together: a page tells a long one in several requests."""
        by_kind = groupby(of_the_page.order_by("pk"), key=attrgetter("kind"))
        return [(kind, sum(map(length, spans))) for kind, spans in by_kind]

    until(lambda: sum(seconds for _kind, seconds in parts()) > 57)
    kinds, lengths = zip(*parts(), strict=True)
    assert kinds == ("visible", "hidden", "visible")
    assert lengths == pytest.approx([20, 20, 20], abs=3)


def test_the_log_knows_every_sample_of_images_that_was_shown(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("red")
    shown = Event.objects.filter(kind=event_kinds.SCREEN_SHOWN).order_by("pk")
    assert [set(screen.payload["rows"]) for screen in shown] == [{"right", "wrong"}, {"without", "with", "in_order"}]
