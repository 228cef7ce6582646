"""Nothing moves under a finger: when a score comes, every part of the page that is in view stays where it was."""

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Study, Task
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from worker.scoring import score_due_phrases

pytestmark = pytest.mark.browser

# Every shift counts here, also those soon after a key, which the usual measure (CLS) leaves out.
_WATCH = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.shifts.push({
        value: entry.value,
        moved: entry.sources.map(({ node, previousRect, currentRect }) =>
            `${node?.id || node?.className || node?.nodeName} ${previousRect.y} -> ${currentRect.y}`),
    }))).observe({ type: "layout-shift", buffered: true });
}"""
_SCREENS = {
    "laptop": {"viewport": {"width": 1280, "height": 800}},
    "large": {"viewport": {"width": 2560, "height": 1440}},
    "phone": {"viewport": {"width": 400, "height": 800}, "has_touch": True, "is_mobile": True},
    "narrow": {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True},
    "zoomed": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
}


def shifts(page: Page) -> list[dict[str, object]]:
    """What has moved since the last time, once everything has been painted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return list(page.evaluate("() => window.shifts.splice(0)"))


@pytest.mark.parametrize("screen", _SCREENS.values(), ids=_SCREENS)
def test_nothing_moves_when_a_score_comes(new_visitor: NewVisitor, screen: dict[str, object]) -> None:
    Study.objects.update(suggest_rewordings=True)
    Task.objects.update(suggested_words="red\nblue")
    visitor = new_visitor(**screen)
    visitor.page.add_init_script(f"({_WATCH})()")
    visitor.go_to_task()
    page = visitor.page
    page.wait_for_function("/:/.test(document.getElementById('timer').textContent)")
    assert shifts(page) == []
    for text in ("dark", "red", "a rather long description of blue squares", "blue"):  # with the question and without
        visitor.say(text)
        shifts(page)
        score_due_phrases()
        visitor.sees_score_of(text)
        assert shifts(page) == [], text


def test_nothing_moves_when_a_phrase_is_refused_or_the_network_goes(visitor: Visitor) -> None:
    visitor.page.add_init_script(f"({_WATCH})()")
    visitor.go_to_task()
    page = visitor.page
    page.wait_for_function("/:/.test(document.getElementById('timer').textContent)")
    shifts(page)
    page.click("#right-images a >> nth=0")
    page.keyboard.press("Escape")
    expect(page.locator("#enlarged")).to_be_hidden()
    assert shifts(page) == []
