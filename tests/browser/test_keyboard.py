"""A whole visit by keyboard alone."""

from playwright.sync_api import Page, expect

from annotations.models import AnnotationSession
from tests.browser.visitor import Visitor
from tests.support.actors import RIGHT_ANSWERS, as_numbered
from worker.phrases.scoring import score_due_phrases

_FOCUSED = "document.activeElement"


def tab_to(page: Page, selector: str, most: int = 40) -> None:
    """Press Tab until the element has the focus, and see that the focus shows."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(f"{_FOCUSED}.matches({selector!r})"):
            assert page.evaluate(f"getComputedStyle({_FOCUSED}).outlineStyle") != "none"
            return
    raise AssertionError(f"{most} tabs do not lead to {selector}")


def enter(page: Page, selector: str) -> None:
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def choose(page: Page, name: str, value: str) -> None:
    """Come to a group of options with Tab and choose one with the arrows."""
    tab_to(page, f"input[name={name}]")
    page.keyboard.press(" ")
    while page.evaluate(f"{_FOCUSED}.value") != value:
        page.keyboard.press("ArrowDown")


def test_a_whole_visit_needs_no_mouse(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open_link()
    enter(page, "#start button")
    enter(page, "#consent button[value=yes]")
    enter(page, "#look .wrong button")
    for text in ("tilted", "stripes"):
        expect(page.locator("#text")).to_be_focused()  # the second time too: the field keeps the focus
        page.keyboard.type(text)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    enter(page, "#tutorial button")
    for name, number in as_numbered(AnnotationSession.objects.latest("pk"), RIGHT_ANSWERS).items():
        choose(page, name, number)
    enter(page, "#check .button")
    enter(page, "#begin button")
    tab_to(page, "#text")
    page.keyboard.type("red")
    page.keyboard.press("Enter")
    expect(page.locator("#answer[data-state=pending]")).to_be_visible()
    score_due_phrases()
    visitor.sees_score_of("red")
    expect(page.locator("#announcement")).to_contain_text("Your words explain the mistakes very well.")
    assert page.evaluate(f"{_FOCUSED}.id") == "text"
    tab_to(page, "#done button")
    page.keyboard.press("Enter")
    expect(page.locator("#really-done .button >> nth=0")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    enter(page, "#finish button")
    assert visitor.code == "C0DE1234"


def test_arrows_move_among_images_space_enlarges_and_escape_closes(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    names = page.locator("#wrong-images img").evaluate_all("all => all.map(one => one.alt)")
    focused = page.locator("a:focus img")
    tab_to(page, "#wrong-images .pictures a")
    expect(focused).to_have_attribute("alt", names[0])
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_attribute("alt", names[6])
    page.keyboard.press(" ")
    expect(page.locator("#enlarged")).to_contain_text(names[6])
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#enlarged")).to_contain_text(names[5])
    page.keyboard.press("Escape")
    expect(page.locator("#enlarged")).to_be_hidden()
    expect(focused).to_have_attribute("alt", names[5])
    page.keyboard.press("Home")
    expect(focused).to_have_attribute("alt", names[0])


def test_one_grid_is_one_stop_on_the_way_to_the_field(visitor: Visitor) -> None:
    visitor.go_to_task()
    tab_to(visitor.page, "#text", most=6)
