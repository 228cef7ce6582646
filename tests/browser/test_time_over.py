"""The deadline passes while somebody types: what counts counts, and the page says what does not."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annotations.models import Assignment, EndReason, Phrase
from annotations.models.phrase import UNCHECKED
from annotations.phrases.assignments import SLACK
from tests.browser.visitor import Visitor
from tests.support.accessibility import assert_no_violations
from worker.phrases.scoring import score_due_phrases


def end_in(seconds: float) -> None:
    """Let the running assignment's time be over in so many seconds; it began ten minutes earlier."""
    over = timezone.now() + dt.timedelta(seconds=seconds)
    Assignment.objects.update(started_at=over - dt.timedelta(minutes=10), first_deadline_at=over, deadline_at=over)


def test_what_is_typed_when_the_time_is_over_is_kept_and_does_not_count(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("dark")
    end_in(2)
    page = visitor.page
    page.reload()
    page.fill("#text", "red")
    expect(page.locator("#time-left")).to_be_visible()
    expect(page.locator("h1")).to_have_text("Time is over for these images")
    expect(page.locator("main")).to_contain_text("We cannot use words that you had not checked.")
    assert_no_violations(page)
    visitor.press("done")
    score_due_phrases()
    kept = Phrase.objects.order_by("ordinal").values_list("text", "state", "moderation_reason")
    assert list(kept) == [("dark", "scored", ""), ("red", "scored", UNCHECKED)]
    assert Assignment.objects.get().end_reason == EndReason.TIME_OVER
    page.reload()
    expect(page.locator(".found")).not_to_contain_text("red")


def test_words_that_are_sent_too_late_lead_to_the_same_page_and_are_not_stored(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    page.fill("#text", "red")
    end_in(-SLACK.total_seconds() - 1)  # the page's own clock still runs
    page.press("#text", "Enter")
    expect(page.locator("h1")).to_have_text("Time is over for these images")
    assert not Phrase.objects.exists()


def test_words_that_left_in_time_count(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    page.fill("#text", "red")
    end_in(-0.1)  # they are on their way when the clock stops
    page.press("#text", "Enter")
    expect(page.locator("h1")).to_have_text("Time is over for these images")
    assert Phrase.objects.get().text == "red"


def test_without_a_network_the_page_waits_for_it_and_then_says_that_time_is_over(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    end_in(1)
    page.reload()
    page.context.set_offline(True)
    expect(page.locator("#timer span")).to_have_text("0:00")
    expect(page.locator("#phrase")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("h1")).to_have_text("Time is over for these images")


@pytest.mark.usefixtures("own_clock")
def test_the_clock_knows_how_long_the_lid_was_closed_though_the_page_stood_still(visitor: Visitor) -> None:
    visitor.go_to_task()
    expect(visitor.page.locator("#timer")).to_have_text(re.compile(r"^\s*(10|9):\d\d left\s*$"))
    visitor.page.clock.set_fixed_time(
        dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)
    )  # and performance.now() goes on
    expect(visitor.page.locator("#timer")).to_have_text(re.compile(r"^\s*(5|4):\d\d left\s*$"))
