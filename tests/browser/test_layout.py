"""Nothing moves under a finger: when a score comes, every part of the page that is in view stays where it was."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Assignment, Study, Task
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.support.steps import move_clock
from worker.phrases.scoring import score_due_phrases

# Every shift counts here, also those soon after a key, which the usual measure (CLS) leaves out.
_WATCH = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.shifts.push({
        value: entry.value,
        at: entry.startTime,
        moved: entry.sources.map(({ node, previousRect, currentRect }) =>
            `${node?.id || node?.className || node?.nodeName} ${previousRect.y} -> ${currentRect.y}`),
    }))).observe({ type: "layout-shift", buffered: true });
}"""
_SINCE_PARSED = """() => {
    const [{ domInteractive }] = performance.getEntriesByType("navigation");
    return window.shifts.splice(0).filter(({ at }) => at >= domInteractive);
}"""
_SCREENS = {
    "laptop": {"viewport": {"width": 1280, "height": 800}},
    "large": {"viewport": {"width": 2560, "height": 1440}},
    "phone": {"viewport": {"width": 400, "height": 800}, "has_touch": True, "is_mobile": True},
    "narrow": {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True},
    "zoomed": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
}


def shifts(page: Page) -> list[dict[str, Any]]:
    """What has moved since the last time, once everything has been painted.

    A browser may paint a page of which half has arrived; a line that was cut there is no shift of ours.
    """
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return list(page.evaluate(_SINCE_PARSED))


@pytest.mark.parametrize("screen", _SCREENS.values(), ids=_SCREENS)
def test_nothing_moves_when_a_score_comes(new_visitor: NewVisitor, screen: dict[str, object]) -> None:
    Study.objects.update(suggest_rewordings=True)
    Task.objects.update(suggested_words="red\nblue")
    visitor = new_visitor(reduced_motion="no-preference", **screen)
    visitor.page.add_init_script(f"({_WATCH})()")
    visitor.go_to_task()
    page = visitor.page
    page.wait_for_function("() => /:/.test(document.getElementById('timer').textContent)")
    assert shifts(page) == []
    for text in ("dark", "red", "a rather long description of blue squares", "blue"):  # with the question and without
        visitor.say(text)
        shifts(page)
        score_due_phrases()
        visitor.sees_score_of(text)
        assert shifts(page) == [], text


@pytest.mark.parametrize("screen", _SCREENS.values(), ids=_SCREENS)
def test_nothing_moves_at_what_a_person_does_nor_on_the_page_with_the_code(
    new_visitor: NewVisitor, screen: dict[str, object]
) -> None:
    Study.objects.update(suggest_rewordings=True)
    Task.objects.update(suggested_words="red\nblue")
    visitor = new_visitor(reduced_motion="no-preference", **screen)
    page = visitor.page
    page.add_init_script(f"({_WATCH})()")
    visitor.go_to_task()
    page.wait_for_function("() => /:/.test(document.getElementById('timer').textContent)")
    visitor.say_and_score("dark")
    for act in (enlarge, be_refused, judge, move_the_handle, lose_the_network, see_the_time_run_out, go_back):
        shifts(page)  # of what Playwright scrolls to get there, nothing
        act(visitor)
        moved = [where for shift in shifts(page) for where in shift["moved"] if not _may_move(where)]
        assert moved == [], act.__name__
    visitor.press("done")
    visitor.press("finish")
    expect(page.locator("#completion-code")).to_be_visible()
    assert shifts(page) == []


def _may_move(where: str) -> bool:
    """The foot, at the end of all; the thumb that is moved; and within its line a number that has more digits now."""
    _what, before, _arrow, after = where.rsplit(" ", 3)
    return where.startswith(("foot ", "threshold-thumb ")) or before == after


def enlarge(visitor: Visitor) -> None:
    visitor.page.click(".side a >> nth=0")
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator("#enlarged")).to_be_hidden()


def be_refused(visitor: Visitor) -> None:
    visitor.page.fill("#text", "...")
    visitor.page.press("#text", "Enter")
    expect(visitor.page.locator("#phrase-error")).not_to_be_empty()
    shown = visitor.page.locator("#phrase-error").bounding_box()
    window = visitor.page.viewport_size
    assert shown
    assert window
    assert 0 <= shown["x"] <= shown["x"] + shown["width"] <= window["width"]
    assert 0 <= shown["y"] <= shown["y"] + shown["height"] <= window["height"]
    visitor.page.fill("#text", "red")
    expect(visitor.page.locator("#phrase-error")).to_be_empty()


def judge(visitor: Visitor) -> None:
    for answer in ("yes", "no", "unsure"):
        visitor.page.click(f"#judge-{answer}")
        expect(visitor.page.locator(f"#judge-{answer}")).to_have_attribute("aria-pressed", "true")


def move_the_handle(visitor: Visitor) -> None:
    visitor.take_handle()
    shifts(visitor.page)  # the fold opens where it was pressed
    for key in ("PageUp", "Home"):
        visitor.page.keyboard.press(key)
        expect(visitor.page.locator("#threshold-best")).to_be_enabled()
    visitor.page.click("#threshold-best")
    expect(visitor.page.locator("#threshold-best")).to_be_disabled()


def lose_the_network(visitor: Visitor) -> None:
    visitor.page.evaluate("window.scrollTo(0, 0)")
    for is_offline in (True, False):
        visitor.page.context.set_offline(is_offline)
        expect(visitor.page.locator("#offline")).to_be_visible(visible=is_offline)


def see_the_time_run_out(visitor: Visitor) -> None:
    move_clock(Assignment.objects.get(), 600 - 55)
    visitor.say_and_score("red")
    expect(visitor.page.locator("#timer")).to_have_class("timer runs soon")


def go_back(visitor: Visitor) -> None:
    visitor.page.click("#history a >> nth=0")
    visitor.sees_score_of("dark")


@pytest.mark.parametrize("screen", _SCREENS.values(), ids=_SCREENS)
def test_an_error_in_the_example_pushes_nothing(new_visitor: NewVisitor, screen: dict[str, object]) -> None:
    visitor = new_visitor(**screen)
    for name in visitor.walk_to_task():
        if name == "tutorial: before tilted":
            break
    places = "all => all.map(one => one.getBoundingClientRect().top + scrollY)"
    before = visitor.page.eval_on_selector_all(".class-grid, #answer", places)
    visitor.practise("?!")
    expect(visitor.page.locator("#phrase-error")).to_contain_text("only punctuation")
    height = visitor.page.locator("#practise").evaluate("form => form.offsetHeight")
    assert visitor.page.eval_on_selector_all(".class-grid, #answer", places) == before
    visitor.practise("fluffy")
    assert visitor.page.locator("#practise").evaluate("form => form.offsetHeight") == height
