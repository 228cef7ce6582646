"""While the worker is down the phrase is kept; when it is back the score appears."""

import datetime as dt

from django.utils import timezone
from playwright.sync_api import expect

from annotations.models import Assignment, EndReason, Phrase
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from worker.phrases.scoring import score_due_phrases


def test_the_page_says_scoring_and_the_score_appears_when_the_worker_is_back(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say("red")
    expect(visitor.page.locator("#answer")).to_contain_text("Scoring")
    Phrase.objects.update(submitted_at=timezone.now() - dt.timedelta(seconds=20))
    expect(visitor.page.locator("#answer")).to_contain_text("longer than usual")
    score_due_phrases()
    visitor.sees_score_of("red")


def test_meanwhile_the_person_goes_on(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say("red")
    visitor.say("blue")
    assert visitor.history == ["red", "blue"]
    score_due_phrases()
    visitor.sees_score_of("blue")
    expect(visitor.page.locator("#history .level")).to_have_text(["very well", "no better than guessing"])


def test_what_is_being_typed_is_left_alone_when_a_score_comes(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say("red")
    visitor.page.fill("#text", "something el")
    score_due_phrases()
    visitor.sees_score_of("red")
    expect(visitor.page.locator("#text")).to_have_value("something el")


def test_without_a_script_the_page_loads_itself_again_until_the_score_is_there(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(java_script_enabled=False)
    visitor.go_to_task()
    visitor.say("red")
    score_due_phrases()
    visitor.sees_score_of("red")


def test_when_the_time_is_over_the_page_says_so_and_leads_on(visitor: Visitor) -> None:
    visitor.go_to_task()
    started = timezone.now() - dt.timedelta(minutes=10)
    over = timezone.now() + dt.timedelta(seconds=2)
    Assignment.objects.update(started_at=started, first_deadline_at=over, deadline_at=over)
    visitor.page.reload()
    expect(visitor.page.locator("h1")).to_have_text("Time is over for these images")
    visitor.press("done")
    assert Assignment.objects.get().end_reason == EndReason.TIME_OVER
    visitor.press("finish")
    assert visitor.code == "C0DE1234"
