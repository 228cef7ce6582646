"""What is easily done by mistake is asked once more, costs nothing, or can be closed again."""

import pytest
from playwright.sync_api import expect

from annotations.models import Assignment, AssignmentState, Phrase, Study, Task
from tests.browser.visitor import Visitor
from tests.support.accessibility import assert_no_violations
from tests.support.steps import move_clock


def test_done_asks_once_in_a_dialog_that_escape_closes(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("dark")
    page = visitor.page
    page.click("#done button")
    dialog = page.get_by_role("dialog", name="Are you done with these images?")
    expect(dialog).to_contain_text("You have 19 tries left.")
    expect(dialog).not_to_contain_text("min left")  # the page's clock says it, and goes on
    expect(dialog.locator(".button:not(.quiet)")).to_have_text("Keep looking")
    assert_no_violations(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.click("#done button")
    page.click("#not-done")
    expect(dialog).to_be_hidden()
    visitor.say_and_score("red")  # which explains the mistakes well
    page.click("#done button")
    expect(dialog.locator(".button:not(.quiet)")).to_have_text("Yes, finish")
    page.keyboard.press("Escape")
    assert Assignment.objects.get().state == AssignmentState.ACTIVE
    visitor.press("done")
    expect(page).to_have_url(f"{visitor.origin}/visit/end")


def test_a_repeated_phrase_costs_no_try_and_the_page_says_so(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("red")
    visitor.say_and_score("dark")
    visitor.page.fill("#text", "Red")
    visitor.page.press("#text", "Enter")
    visitor.sees_score_of("red")
    expect(visitor.page.locator(".repeated")).to_have_text("You tried these words before. That costs no try.")
    expect(visitor.page.locator("#announcement")).to_contain_text("That costs no try.")
    expect(visitor.page.locator("#history h2")).to_contain_text("2 of 20 tries")
    assert Phrase.objects.count() == 2


def test_an_earlier_phrase_comes_back_into_the_field_too(visitor: Visitor) -> None:
    visitor.go_to_task()
    for text in ("red", "dark"):
        visitor.say_and_score(text)
    visitor.page.click("#history a >> nth=0")
    visitor.sees_score_of("red")
    expect(visitor.page.locator("#text")).to_have_value("red")
    visitor.page.reload()
    visitor.sees_score_of("red")
    expect(visitor.page.locator("#text")).to_have_value("red")


def test_what_it_said_is_closed_by_escape_and_by_a_press_elsewhere(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    page.evaluate("""() => document.querySelector("#wrong-images .said").outerHTML =
        "<details class='said'><summary>It said …</summary><dl><div><dt>oval</dt><dd>9</dd></div></dl></details>" """)
    for close in (lambda: page.keyboard.press("Escape"), lambda: page.click("h1")):
        page.click(".said summary")
        expect(page.locator(".said dl")).to_be_visible()
        close()
        expect(page.locator(".said dl")).to_be_hidden()


def test_check_is_the_filled_button_until_it_is_enough_and_then_done_until_the_text_changes(visitor: Visitor) -> None:
    Study.objects.update(goal=0.7)
    visitor.go_to_task()
    page = visitor.page
    clear = "button => getComputedStyle(button).backgroundColor === 'rgba(0, 0, 0, 0)'"

    def filled() -> list[str]:
        names = ("#phrase .button", "#done .button")
        return [name for name in names if not page.locator(name).evaluate(clear)]

    visitor.say_and_score("dark")
    page.mouse.move(0, 0)
    assert filled() == ["#phrase .button"]
    visitor.say_and_score("red")
    expect(page.locator(".verdict")).to_contain_text("That is enough to stop.")
    page.wait_for_timeout(200)  # of the change of colour
    assert filled() == ["#done .button"]
    page.fill("#text", "something else")
    page.wait_for_timeout(200)
    assert filled() == ["#phrase .button"]


def test_after_the_last_try_done_is_the_filled_button_and_asks_nothing(visitor: Visitor) -> None:
    Task.objects.update(max_phrases=1)
    visitor.go_to_task()
    visitor.say_and_score("dark")
    expect(visitor.page.locator("#done .button:not(.quiet)")).to_be_visible()
    expect(visitor.page.locator("#sure")).to_have_count(0)
    visitor.press("done")
    expect(visitor.page).to_have_url(f"{visitor.origin}/visit/end")


@pytest.mark.parametrize(("left_s", "said"), [(59, "One minute left."), (9, "Ten seconds left.")])
def test_the_last_minute_and_the_last_seconds_are_announced(visitor: Visitor, left_s: int, said: str) -> None:
    visitor.go_to_task()
    expect(visitor.page.locator("#time-left")).to_be_empty()
    move_clock(Assignment.objects.get(), 600 - left_s)
    visitor.page.reload()
    expect(visitor.page.locator("#time-left")).to_contain_text(said)
    expect(visitor.page.locator("#time-left")).to_have_attribute("aria-live", "assertive")
