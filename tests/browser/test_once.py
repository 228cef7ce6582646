"""A phrase counts once, whatever the finger or the network does."""

import pytest
from playwright.sync_api import Route, expect

from annotations.models import Phrase
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from worker.phrases.scoring import score_due_phrases


def test_a_double_click_counts_once(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.page.fill("#text", "red")
    visitor.page.dblclick("#phrase button")
    expect(visitor.page.locator("#history li")).to_have_count(1)
    score_due_phrases()
    visitor.sees_score_of("red")
    assert Phrase.objects.count() == 1


@pytest.mark.usefixtures("own_clock")
def test_a_double_click_so_slow_that_the_score_comes_between_counts_once(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.page.clock.set_fixed_time(1_000)
    visitor.say_and_score("red")
    visitor.page.click("#phrase button")
    visitor.page.clock.set_fixed_time(1_000.5)
    visitor.page.click("#phrase button")
    visitor.say_and_score("blue")
    assert visitor.history == ["red", "blue"]


def test_a_double_click_without_a_script_counts_once(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(java_script_enabled=False)
    visitor.go_to_task()
    visitor.page.fill("#text", "red")
    visitor.page.dblclick("#phrase button")
    expect(visitor.page.locator("#history li")).to_have_count(1)
    assert Phrase.objects.count() == 1


@pytest.mark.usefixtures("own_clock")
def test_the_same_words_said_again_later_are_no_other_phrase_and_the_page_says_so(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.page.clock.set_fixed_time(1_000)
    visitor.say_and_score("red")
    visitor.page.clock.set_fixed_time(1_002)
    visitor.page.press("#text", "Enter")
    expect(visitor.page.locator(".repeated")).to_be_visible()
    assert Phrase.objects.count() == 1


def test_a_lost_connection_keeps_the_phrase_and_sends_it_once(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    page.context.set_offline(True)
    page.fill("#text", "red")
    page.press("#text", "Enter")
    expect(page.locator("#offline")).to_contain_text("We keep what you typed")
    expect(page.locator("#text")).to_have_value("red")
    assert not Phrase.objects.exists()
    page.context.set_offline(False)
    expect(page.locator("#history li")).to_have_count(1)
    expect(page.locator("#offline")).to_be_hidden()
    assert Phrase.objects.count() == 1


def test_phrases_without_a_connection_are_sent_in_order_and_unfinished_words_are_not(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    page.context.set_offline(True)
    for text in ("red", "blue"):
        page.fill("#text", text)
        page.press("#text", "Enter")
    expect(page.locator("#offline")).to_be_visible()
    page.fill("#text", "gre")
    page.context.set_offline(False)
    expect(page.locator("#history bdi")).to_have_text(["red", "blue"])
    expect(page.locator("#text")).to_have_value("gre")
    assert [phrase.text for phrase in Phrase.objects.order_by("ordinal")] == ["red", "blue"]


def test_a_reload_while_a_phrase_is_on_its_way_sends_it_once(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page

    def lose_answer(route: Route) -> None:
        route.fetch()  # the server stores the phrase
        route.abort("connectionreset")

    page.route("**/phrases", lose_answer, times=1)
    page.fill("#text", "red")
    page.press("#text", "Enter")
    expect(page.locator("#offline")).to_be_visible()
    page.reload()
    expect(page.locator("#history bdi")).to_have_text(["red"])
    page.wait_for_function("() => sessionStorage.getItem(`clarify:unanswered:${location.pathname}`) === '[]'")
    assert Phrase.objects.count() == 1


def test_words_typed_while_others_are_on_their_way_stay(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    held: list[Route] = []
    page.route("**/phrases", lambda route: held.append(route), times=1)
    page.fill("#text", "red")
    page.press("#text", "Enter")
    expect(page.locator("form#phrase")).to_have_attribute("aria-busy", "true")
    page.fill("#text", "bl")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator("#answer q")).to_have_text("red")
    page.keyboard.type("ue")
    page.keyboard.press("Enter")
    expect(page.locator("#history bdi")).to_have_text(["red", "blue"])
    assert [phrase.text for phrase in Phrase.objects.order_by("ordinal")] == ["red", "blue"]


def test_an_answer_that_never_came_is_asked_for_again_without_a_second_phrase(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page

    def lose_answer(route: Route) -> None:
        route.fetch()  # the server stores the phrase
        route.abort("connectionreset")

    page.route("**/phrases", lose_answer, times=1)
    page.fill("#text", "red")
    page.press("#text", "Enter")
    expect(page.locator("#offline")).to_be_visible()
    assert Phrase.objects.count() == 1
    expect(page.locator("#history li")).to_have_count(1)
    assert Phrase.objects.count() == 1


def test_a_server_in_trouble_is_asked_again(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page

    def answer_503(route: Route) -> None:
        route.fulfill(status=503, body="one moment")

    page.route("**/phrases", answer_503, times=1)
    page.fill("#text", "red")
    page.press("#text", "Enter")
    expect(page.locator("#history li")).to_have_count(1)
    assert Phrase.objects.count() == 1
