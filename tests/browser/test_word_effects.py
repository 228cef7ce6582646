"""What a person's words did comes into the last page by itself, and can be looked at again from a link."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Run, Study
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.support.accessibility import assert_no_violations_in_both_themes, follow
from worker.runs.gain_intervals import measure_missing_intervals
from worker.runs.run_training import train_due_runs


def finish(visitor: Visitor, *texts: str) -> Page:
    """Be at the code, the words not trained yet."""
    Study.objects.update(show_effect=True)
    visitor.go_to_task()
    for text in texts:
        visitor.say_and_score(text)
    visitor.press("done")
    visitor.press("finish")
    return visitor.page


def train() -> None:
    train_due_runs()
    measure_missing_intervals()


def test_the_answer_comes_in_by_itself_while_the_code_stands_there(visitor: Visitor) -> None:
    page = finish(visitor, "red")
    expect(page.locator("#effects")).to_contain_text("will appear here by itself")
    assert visitor.code == "C0DE1234"
    code = page.locator("#completion-code").bounding_box()
    train()
    expect(page.locator("#effects .before-after")).to_be_visible()
    expect(page.locator("#effects")).to_contain_text("We trained a copy of the AI with red.")
    expect(page.locator("#effects-said")).to_have_text("The result of your words is here now.")
    assert code and page.locator("#completion-code").bounding_box() == code, "the code must not move under a finger"
    page.wait_for_function("() => [...document.images].every(image => image.complete && image.naturalWidth)")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_has_no_violation_and_fits_while_it_waits_and_with_the_answer(visitor: Visitor, width: int) -> None:
    page = finish(visitor, "red")
    visitor.load_in_window(width, 844)
    assert_no_violations_in_both_themes(page, "waiting")
    train()
    expect(page.locator("#effects .before-after")).to_be_visible()
    assert_no_violations_in_both_themes(page, "with the answer")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    follow(page.locator("#return-link"))
    assert_no_violations_in_both_themes(page, "coming back")


def test_without_a_script_a_link_looks_again(new_visitor: NewVisitor) -> None:
    with_script = new_visitor()
    finish(with_script, "red")
    without = new_visitor("dora", java_script_enabled=False).page
    cookies: Any = with_script.page.context.cookies()
    without.context.add_cookies(cookies)
    without.goto(with_script.page.url)
    expect(without.locator("#effects")).to_contain_text("We are training a copy")
    train()
    without.click("#effects a")
    expect(without.locator("#effects .before-after")).to_be_visible()


def test_the_link_works_in_another_browser_and_gives_the_data_as_a_file(new_visitor: NewVisitor) -> None:
    page = finish(new_visitor(), "red", "blue")
    train()
    link = page.locator("#return-link").get_attribute("href")
    other = new_visitor("dora").page
    assert link
    other.goto(link)
    expect(other.locator("#effects .before-after")).to_be_visible()
    other.wait_for_function("() => [...document.images].every(image => image.complete && image.naturalWidth)")
    with other.expect_download() as download:
        other.click("#your-data")
    copy = json.loads(download.value.path().read_text("utf-8"))
    assert [phrase["text"] for phrase in copy["phrase"]] == ["red", "blue"]
    assert len(copy["run"]) == Run.objects.count() > 0
