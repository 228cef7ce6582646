"""A network that goes and comes back: nothing is lost, nothing is done twice, and the page says what it does."""

import pytest
from playwright.sync_api import APIResponse, Route, expect

from annotations.models import (
    AnnotationSession,
    Assignment,
    EndReason,
    Event,
    Judgement,
    Phrase,
    Reply,
    ThresholdChoice,
)
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor

SCRIPT_MS = 300  # for a page that is being left, whose script cannot be asked, to take in an answer


def test_a_step_that_is_taken_without_a_network_is_taken_once_when_it_is_back(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open_link()
    visitor.press("start")
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_contain_text("no connection")
    page.click("#consent [value=yes]")
    page.click("#consent [value=yes]")
    expect(page.locator("#consent")).to_be_visible()
    assert AnnotationSession.objects.get().consented_at is None
    page.context.set_offline(False)
    expect(page).to_have_url(f"{visitor.origin}/visit/tutorial")
    assert Event.objects.filter(kind="consent_given").count() == 1


def test_the_button_that_was_pressed_is_the_one_that_is_sent(visitor: Visitor) -> None:
    visitor.open_link()
    visitor.press("start")
    visitor.page.context.set_offline(True)
    visitor.page.click("#consent button[value=no]")
    visitor.page.context.set_offline(False)
    expect(visitor.page.locator("h1")).to_have_text("Do you really not want to take part?")


def test_done_without_a_network_ends_the_task_when_it_is_back(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("red")
    visitor.page.context.set_offline(True)
    visitor.press_done()
    expect(visitor.page.locator("#offline")).to_be_visible()
    visitor.page.context.set_offline(False)
    expect(visitor.page).to_have_url(f"{visitor.origin}/visit/end")
    assert Assignment.objects.get().end_reason == EndReason.DONE


def test_done_waits_until_what_was_said_before_has_been_sent(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("dark")
    page.context.set_offline(True)
    page.fill("#text", "red")
    page.press("#text", "Enter")
    page.click("#judge-no")
    visitor.take_handle()
    page.keyboard.press("PageUp")
    visitor.press_done()
    page.context.set_offline(False)
    expect(page).to_have_url(f"{visitor.origin}/visit/end")
    assert [phrase.text for phrase in Phrase.objects.order_by("ordinal")] == ["dark", "red"]
    assert sorted(Reply.objects.values_list("kind", flat=True)) == ["judgement", "threshold"]
    assert Assignment.objects.get().end_reason == EndReason.DONE


def test_done_right_after_the_handle_keeps_where_it_was_put(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("dark")
    visitor.take_handle()
    visitor.page.keyboard.press("PageUp")
    visitor.press_done()
    expect(visitor.page).to_have_url(f"{visitor.origin}/visit/end")
    assert ThresholdChoice.objects.get().threshold is not None


def test_done_that_was_kept_on_one_device_does_not_end_what_goes_on_on_another(new_visitor: NewVisitor) -> None:
    phone, laptop = new_visitor("carol"), new_visitor("carol")
    phone.go_to_task()
    phone.say_and_score("dark")
    phone.page.context.set_offline(True)
    phone.press_done()
    expect(phone.page.locator("#offline")).to_be_visible()
    laptop.go_on_here()
    laptop.say_and_score("red")
    phone.page.context.set_offline(False)
    expect(phone.page.locator("#history bdi")).to_have_text(["dark", "red"])
    assert Assignment.objects.get().end_reason == ""


def test_asking_for_an_earlier_phrase_without_a_network_leaves_the_page_as_it_is(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    for text in ("red", "blue"):
        visitor.say_and_score(text)
    page.context.set_offline(True)
    page.click("#history a >> nth=0")
    expect(page.locator("#offline")).to_be_visible()
    visitor.sees_score_of("blue")
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    page.click("#history a >> nth=0")
    visitor.sees_score_of("red")


def test_the_banner_is_there_only_while_there_is_no_network(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.open_link()
    expect(visitor.page.locator("#offline")).to_be_hidden()
    visitor.page.context.set_offline(True)
    expect(visitor.page.locator("#offline")).to_be_visible()
    visitor.page.context.set_offline(False)
    expect(visitor.page.locator("#offline")).to_be_hidden()


def test_the_handle_and_an_answer_are_kept_until_the_network_is_back(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("dark")
    page.context.set_offline(True)
    visitor.take_handle()
    for _ in range(2):
        page.keyboard.press("PageUp")
    page.click("#judge-no")
    expect(page.locator("#offline")).to_be_visible()
    assert not ThresholdChoice.objects.exists()
    page.context.set_offline(False)
    expect(page.locator("#judge-no")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#threshold-best")).to_be_enabled()
    expect(page.locator("#offline")).to_be_hidden()
    assert Judgement.objects.get().answer == "no"
    assert Event.objects.filter(kind="threshold_chosen").count() == 1


def test_a_reload_before_a_reply_was_sent_sends_it_once(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("dark")
    for address in ("**/judgement", "**/threshold"):
        page.route(address, lambda route: route.fulfill(status=503, body="one moment"))
    page.click("#judge-no")
    visitor.take_handle()
    page.keyboard.press("PageUp")
    expect(page.locator("#offline")).to_be_visible()
    page.unroute_all()
    assert not Judgement.objects.exists()
    page.reload()
    expect(page.locator("#judge-no")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#threshold-best")).to_be_enabled()
    expect(page.locator("#offline")).to_be_hidden()
    page.reload()
    expect(page.locator("#judge-no")).to_have_attribute("aria-pressed", "true")
    assert Judgement.objects.get().answer == "no"
    kinds = Event.objects.filter(kind__in=["threshold_chosen", "phrase_judged"]).values_list("kind", flat=True)
    assert sorted(kinds) == ["phrase_judged", "threshold_chosen"]
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('clarify:untold')).length") == 1
    assert page.evaluate("sessionStorage.getItem(`clarify:untold:${location.pathname}`)") == "[]"


def test_a_reply_whose_answer_was_lost_is_sent_again_and_stored_once(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("dark")

    def lose_answer(route: Route) -> None:
        route.fetch()  # the server stores the reply
        route.abort("connectionreset")

    page.route("**/judgement", lose_answer, times=1)
    page.click("#judge-yes")
    expect(page.locator("#offline")).to_be_visible()
    page.reload()
    expect(page.locator("#judge-yes")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("() => sessionStorage.getItem(`clarify:untold:${location.pathname}`) === '[]'")
    assert Event.objects.filter(kind="phrase_judged").count() == 1


def test_a_reply_that_was_kept_on_one_device_does_not_overwrite_a_newer_one_of_another(
    new_visitor: NewVisitor,
) -> None:
    phone, laptop = new_visitor("carol"), new_visitor("carol")
    phone.go_to_task()
    phone.say_and_score("dark")
    phone.page.context.set_offline(True)
    phone.page.click("#judge-no")
    phone.take_handle()
    phone.page.keyboard.press("PageUp")
    expect(phone.page.locator("#offline")).to_be_visible()
    laptop.go_on_here()
    laptop.sees_score_of("dark")
    laptop.take_handle()
    laptop.page.keyboard.press("Home")
    expect(laptop.page.locator("#threshold-best")).to_be_enabled()
    laptop.page.click("#judge-yes")
    expect(laptop.page.locator("#judge-yes")).to_have_attribute("aria-pressed", "true")
    newer = ThresholdChoice.objects.get().threshold
    phone.page.context.set_offline(False)
    expect(phone.page.locator("#judge-yes")).to_have_attribute("aria-pressed", "true")
    expect(phone.page.locator("#threshold-position")).to_have_value("0")
    phone.page.wait_for_function("() => sessionStorage.getItem(`clarify:untold:${location.pathname}`) === '[]'")
    assert (Judgement.objects.get().answer, ThresholdChoice.objects.get().threshold) == ("yes", newer)
    assert sorted(Reply.objects.filter(took_effect=False).values_list("kind", flat=True)) == ["judgement", "threshold"]
    phone.page.click("#judge-unsure")  # said by somebody who sees the other answer
    expect(phone.page.locator("#judge-unsure")).to_have_attribute("aria-pressed", "true")
    assert Judgement.objects.get().answer == "unsure"


def test_replies_in_a_row_count_in_their_order_though_the_first_is_slow(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("dark")
    held: list[Route] = []
    page.route("**/judgement", lambda route: held.append(route), times=1)
    page.click("#judge-no")
    page.wait_for_function("() => sessionStorage.getItem(`clarify:untold:${location.pathname}`).includes('true')")
    for answer in ("yes", "unsure"):
        page.click(f"#judge-{answer}")
    held[0].continue_()
    expect(page.locator("#judge-unsure")).to_have_attribute("aria-pressed", "true")
    assert list(Reply.objects.values_list("said", "took_effect")) == [("no", True), ("unsure", True)]


def test_a_kept_reply_to_an_earlier_phrase_is_sent_while_another_one_is_shown(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("dark")
    page.route("**/judgement", lambda route: route.fulfill(status=503, body="one moment"), times=1)
    page.click("#judge-no")
    expect(page.locator("#offline")).to_be_visible()
    visitor.say_and_score("red")
    page.wait_for_function("() => sessionStorage.getItem(`clarify:untold:${location.pathname}`) === '[]'")
    visitor.sees_score_of("red")
    assert Judgement.objects.get().phrase.text == "dark"


def test_a_page_that_was_rendered_before_a_kept_reply_arrived_shows_the_reply(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("dark")
    rendered: list[tuple[Route, APIResponse]] = []

    def answer_once_rendered(route: Route) -> None:
        if rendered:
            route.continue_()
        else:
            route.fulfill(status=503, body="one moment")

    page.route("**/judgement", answer_once_rendered)
    page.click("#judge-no")
    expect(page.locator("#offline")).to_be_visible()
    page.route(page.url, lambda route: rendered.append((route, route.fetch())), times=1)
    page.evaluate("setTimeout(() => location.reload())")
    # The page that is being left sends the reply before the new one, which the server rendered without it, is there.
    with page.expect_response(lambda response: response.url.endswith("judgement") and response.ok):
        pass
    page.wait_for_timeout(SCRIPT_MS)
    route, response = rendered[0]
    route.fulfill(response=response)
    expect(page.locator("#judge-no")).to_have_attribute("aria-pressed", "true")
    assert Judgement.objects.get().answer == "no"


@pytest.mark.parametrize("width", [320, 390, 1366])
def test_what_tells_of_it_covers_no_picture_and_not_the_time_left(new_visitor: NewVisitor, width: int) -> None:
    visitor = new_visitor(viewport={"width": width, "height": 768})
    page = visitor.page
    visitor.go_to_task()
    page.evaluate("window.scrollTo(0, 200)")
    page.context.set_offline(True)
    bar, title, timer, main = (page.locator(part) for part in ("#offline", ".place", "#timer", "main"))
    expect(bar).to_be_in_viewport()
    told, instead, time = (part.bounding_box() for part in (bar, title, timer))
    assert told
    assert instead
    assert time
    assert (told["x"], told["width"]) == (instead["x"], instead["width"])
    assert told["x"] + told["width"] <= time["x"]
    assert bar.evaluate("bar => bar.scrollHeight <= bar.clientHeight"), "the sentence is cut off"
    page.evaluate("window.scrollTo(0, 0)")
    below = main.bounding_box()
    assert below
    assert told["height"] <= below["y"]
