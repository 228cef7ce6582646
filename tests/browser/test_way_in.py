"""From the link to the clock: the device, consent refused, the example done by hand, the check failed twice."""

import re

import pytest
from playwright.sync_api import expect

from annotations.models import AnnotationSession, Assignment, DeviceReport, Outcome, PracticePhrase, Stage, Study
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import DONE, Visitor
from tests.support.actors import RIGHT_ANSWERS, WRONG_ANSWERS, WRONG_TRIES
from tests.support.steps import move_clock


def test_the_welcome_page_looks_at_the_device_and_start_says_that_a_script_runs(visitor: Visitor) -> None:
    visitor.open_link()
    expect(visitor.page.locator("#device")).to_have_attribute("data-found", "ready")
    visitor.press("start")
    assert DeviceReport.objects.get().has_script is True


def test_images_that_do_not_load_are_told_before_anything_begins(visitor: Visitor) -> None:
    visitor.page.route("**/tutorial/*.webp", lambda route: route.abort())
    visitor.open_link()
    expect(visitor.page.locator("#device")).to_contain_text("do not load")
    assert not AnnotationSession.objects.exists()


def test_a_server_that_does_not_answer_is_told(visitor: Visitor) -> None:
    visitor.page.route("**/livez", lambda route: route.abort())
    visitor.open_link()
    expect(visitor.page.locator("#device")).to_contain_text("connection is lost")


def test_a_phone_is_fine(new_visitor: NewVisitor) -> None:
    phone = new_visitor(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone.open_link()
    expect(phone.page.locator("#device")).to_have_attribute("data-found", "ready")


def test_without_a_script_the_page_says_so_and_the_report_too(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(java_script_enabled=False)
    visitor.open_link()
    expect(visitor.page.locator("noscript .device")).to_contain_text("JavaScript is off")
    expect(visitor.page.locator("#device")).to_be_hidden()
    visitor.press("start")
    assert DeviceReport.objects.get().has_script is False


def test_whoever_does_not_agree_is_thanked_and_stays_out(visitor: Visitor) -> None:
    visitor.open_link()
    visitor.press("start")
    visitor.press("consent", "[value=no]")
    visitor.page.goto(f"{visitor.origin}/visit/tutorial")
    expect(visitor.page.locator("h1")).to_have_text("You did not agree to take part")
    assert AnnotationSession.objects.get().outcome == Outcome.NO_CONSENT


def test_the_example_is_done_by_hand_and_only_then_leads_on(visitor: Visitor) -> None:
    visitor.open_link()
    visitor.press("start")
    visitor.press("consent", "[value=yes]")
    coach, page = visitor.page.locator(".coach"), visitor.page
    visitor.press("look", ".wrong button >> nth=3")
    expect(page.locator("#text")).to_be_focused()
    visitor.practise("small")
    expect(coach).to_contain_text("There are better words")
    expect(page.locator("form#tutorial")).to_have_count(0)
    visitor.practise("stripes")
    expect(page.locator("#answer .verdict")).to_contain_text("very well")
    expect(page.locator(".tried .best")).to_contain_text("very well")
    visitor.press("tutorial")
    expect(page.locator("form#check")).to_be_visible()


def test_the_example_goes_on_where_it_was_on_another_device(visitor: Visitor, new_visitor: NewVisitor) -> None:
    visitor.open_link()
    visitor.press("start")
    visitor.press("consent", "[value=yes]")
    visitor.press("look", ".wrong button >> nth=3")
    visitor.practise("tilted")
    phone = new_visitor(viewport={"width": 390, "height": 844})
    phone.go_on_here()
    expect(phone.page.locator("#answer")).to_have_attribute("data-score", "0.0000")
    assert PracticePhrase.objects.count() == 1


@pytest.mark.parametrize("has_script", [True, False])
def test_unchanged_answers_are_no_try_and_a_summary_leads_to_them(new_visitor: NewVisitor, has_script: bool) -> None:
    visitor = new_visitor(java_script_enabled=has_script, viewport={"width": 320, "height": 568})
    page = visitor.page
    visitor.go_to_check()
    first = RIGHT_ANSWERS | {"split": "less"}
    visitor.answer_check(first)
    visitor.answer_check(first)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("You did not change an answer")
    expect(alert).to_contain_text("One answer is not right yet")
    asked = page.get_by_role("group", name="3. With “stripes”, 90% are wrong")
    alert.get_by_role("link", name="With “stripes”, 90% are wrong").click()
    expect(asked.get_by_role("radio").first).to_be_focused()
    expect(asked.locator("legend")).to_be_in_viewport()
    visitor.answer_check(RIGHT_ANSWERS)
    expect(page).to_have_url(re.compile("/visit/tasks/"))


def test_a_check_failed_twice_ends_the_visit_and_nothing_escapes_it(visitor: Visitor) -> None:
    Study.objects.update(failed_check_code="SCREEN01", failed_check_is_paid=True)
    page = visitor.page
    visitor.go_to_check()
    visitor.answer_check(WRONG_ANSWERS)
    expect(page.locator(".banner[role=alert]")).to_contain_text("last try")
    visitor.answer_check(WRONG_TRIES[1])
    assert visitor.code == "SCREEN01"
    assert AnnotationSession.objects.get().stage == Stage.NOT_PASSED
    page.reload()
    page.go_back()
    page.goto(f"{visitor.origin}/visit/tutorial")
    assert visitor.code == "SCREEN01"
    visitor.open_link()
    visitor.press("start")
    assert visitor.code == "SCREEN01"
    assert "C0DE1234" not in page.content()


def test_an_unanswered_question_is_pointed_out_by_the_browser(visitor: Visitor) -> None:
    visitor.go_to_check()
    visitor.page.click("#check .button")
    expect(visitor.page.locator("input[name=wrong]:invalid")).to_have_count(3)
    expect(visitor.page.locator("form#check")).to_be_visible()


def test_one_promise_on_money_stands_from_the_first_page_to_the_last(visitor: Visitor) -> None:
    Study.objects.update(reward_cents=250)
    said, main = (
        "We pay those who reach the end. Your score never changes your pay.",
        visitor.page.locator("main"),
    )
    visitor.open_link()
    expect(main).to_contain_text(said)
    visitor.press("start")
    expect(main).to_contain_text(said)
    visitor.go_to_check()
    visitor.answer_check(RIGHT_ANSWERS)
    expect(main).to_contain_text(said)
    visitor.press("begin")
    visitor.say_and_score("dark")
    expect(visitor.page.locator("#progress > p").get_by_text(said)).to_be_in_viewport()
    visitor.page.click(DONE)
    expect(visitor.page.locator("#sure")).to_contain_text(said)
    visitor.page.click("#not-done")
    move_clock(Assignment.objects.get(), 700)
    visitor.page.reload()
    expect(visitor.page.locator("h1")).to_contain_text("Time is over")
    expect(main).to_contain_text(said)
    visitor.press("done")
    expect(main).to_contain_text(said)


def test_a_person_can_withdraw_from_the_first_page_of_the_visit_on(visitor: Visitor) -> None:
    visitor.open_link()
    visitor.press("start")
    expect(visitor.page.locator("h1")).to_have_text("Do you agree to take part?")
    visitor.page.click(".withdraw a")
    visitor.press("withdraw")
    expect(visitor.page.locator("main")).to_contain_text("You did not agree to take part. We stored only this answer.")


def test_who_comes_back_to_a_visit_reads_continue(visitor: Visitor) -> None:
    visitor.open_link()
    expect(visitor.page.locator("#start button")).to_have_text("Start")
    visitor.press("start")
    visitor.open_link()
    expect(visitor.page.locator("#start button")).to_have_text("Continue")
    visitor.press("start")
    expect(visitor.page.locator("h1")).to_have_text("Do you agree to take part?")


def test_a_person_withdraws_later_on_another_device(visitor: Visitor, new_visitor: NewVisitor) -> None:
    visitor.go_to_task()
    visitor.say("red")
    visitor.press("done")
    visitor.press("finish")
    link = visitor.page.inner_text("#withdrawal-link")
    phone = new_visitor(viewport={"width": 390, "height": 844})
    phone.page.goto(link)
    phone.press("withdraw")
    expect(phone.page.locator("h1")).to_have_text("You have withdrawn")
    session = AnnotationSession.objects.get()
    assert session.withdrawn_at is not None
    assert session.outcome == Outcome.COMPLETED


def test_a_screen_reader_finds_names_descriptions_and_what_to_do(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open_link()
    expect(page.get_by_role("status")).to_contain_text("Your device is ready")
    visitor.press("start")
    visitor.press("consent", "[value=yes]")
    expect(page.get_by_role("status", name="What to do now")).to_contain_text("Press an image")
    wrong = page.get_by_role("region", name="The AI was wrong")
    expect(wrong.get_by_role("button", name="Image 20, the AI was wrong")).to_be_visible()
    visitor.press("look", ".wrong button >> nth=0")
    expect(page.get_by_role("textbox", name="The AI is often wrong on images that have")).to_be_focused()
    for text in ("tilted", "stripes"):
        visitor.practise(text)
    expect(page.locator("#verdict")).to_contain_text("very well")
    visitor.press("tutorial")
    visitor.answer_check(WRONG_ANSWERS)
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("3 answers are not right yet")
    expect(alert.get_by_role("link")).to_have_count(3)
    group = page.get_by_role("group", name="2. Which words do we ask for?")
    expect(group.get_by_role("radio")).to_have_count(3)
    expect(group).to_have_accessible_description(re.compile("Not quite. All images belong to the class"))
