"""The one question about a phrase, and words to begin with."""

from playwright.sync_api import expect

from annotations.models import Judgement, Phrase, Study, Task
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.support.accessibility import assert_no_violations_in_both_themes, overhang


def test_a_question_is_answered_without_leaving_the_page_and_a_rewording_fills_the_field(visitor: Visitor) -> None:
    Study.objects.update(suggest_rewordings=True)
    visitor.go_to_task()
    visitor.say_and_score("dark")
    page = visitor.page
    page.click("#judge-no")
    expect(page.locator("#judge-no")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#judge-no")).to_be_focused()
    expect(page.locator("#doubt .advice")).to_contain_text("other words")
    assert Judgement.objects.get().answer == "no"
    chip = page.locator("#doubt .chip").first
    words = chip.inner_text()
    chip.click()
    expect(page.locator("#text")).to_have_value(words)
    expect(page.locator("#text")).to_be_focused()
    assert Phrase.objects.count() == 1  # filled in, not submitted
    page.reload()
    expect(page.locator("#text")).to_have_value(words)
    expect(page.locator("#judge-no")).to_have_attribute("aria-pressed", "true")


def test_without_a_script_they_work_as_well(new_visitor: NewVisitor) -> None:
    Task.objects.update(suggested_words="red")
    visitor = new_visitor(java_script_enabled=False)
    visitor.go_to_task()
    visitor.page.click(".suggestions .chip")
    assert visitor.page.input_value("#text") == "red"
    visitor.say_and_score("dark")
    with visitor.page.expect_navigation():
        visitor.page.click("#judge-yes")
    expect(visitor.page.locator("#doubt .advice")).to_contain_text("a new idea")


def test_the_task_page_with_all_its_parts_has_no_violation(visitor: Visitor) -> None:
    Study.objects.update(suggest_rewordings=True, goal=0.5)
    Task.objects.update(suggested_words="red\nblue")
    visitor.go_to_task()
    visitor.say_and_score("Squares")
    visitor.say_and_score("dark")
    visitor.page.click("#judge-unsure")
    expect(visitor.page.locator("#doubt .chip").first).to_be_visible()
    visitor.take_handle()
    visitor.page.keyboard.press("PageDown")
    expect(visitor.page.locator("#threshold-best")).to_be_enabled()
    assert_no_violations_in_both_themes(visitor.page)


def test_on_a_narrow_phone_nothing_scrolls_sideways(new_visitor: NewVisitor) -> None:
    Study.objects.update(suggest_rewordings=True)
    Task.objects.update(suggested_words="\n".join(["a rather long suggestion", "red", "blue", "tilted", "dotted"]))
    visitor = new_visitor(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    visitor.go_to_task()
    visitor.say_and_score("dark")
    visitor.page.click("#judge-no")
    expect(visitor.page.locator("#doubt .chip").first).to_be_visible()
    assert overhang(visitor.page) == 0
