"""What the pages say before, beside and instead of a score, so that nobody takes it for more than it is."""

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Phrase, Score
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.support.actors import RIGHT_ANSWERS

NOTHING = "fluffy"  # nearly all or nearly none of the squares are like this
FITS_ALL = "All of these images are"


def test_words_that_find_no_difference_have_no_split_and_cost_no_try(visitor: Visitor) -> None:
    visitor.go_to_task()
    page, tries = visitor.page, visitor.page.locator("#history-heading .count")
    visitor.say_and_score(NOTHING)
    expect(page.locator("#verdict")).to_have_text("The program finds no difference for these words.")
    expect(page.locator("#answer")).to_contain_text("This costs no try.")
    expect(page.locator("#answer .side")).to_have_count(0)
    expect(tries).to_have_text("0 of 20 tries")
    page.reload()
    expect(tries).to_have_text("0 of 20 tries")
    assert visitor.history == [NOTHING]
    visitor.say_and_score("red")
    expect(tries).to_have_text("1 of 20 tries")
    assert Score.objects.filter(finds_nothing=True).count() == 1
    assert Phrase.objects.count() == 2


def test_that_words_fit_all_images_is_never_said_beside_a_split(visitor: Visitor) -> None:
    visitor.go_to_task()
    told = []
    for text in ("red", "dark", "square", NOTHING):
        visitor.say_and_score(text)
        if FITS_ALL in visitor.page.inner_text("#answer"):
            told.append(text)
            expect(visitor.page.locator("#answer .side")).to_have_count(0)
    assert told == ["square"]


def test_the_welcome_page_shows_an_answer_with_its_pictures(visitor: Visitor) -> None:
    visitor.open_link()
    assert "A good answer: stripes. With them, the AI is wrong on" in visitor.page.inner_text("main")
    assert visitor.page.locator(".sample-grids img").count() >= 12


def test_who_finds_good_words_at_once_goes_on_and_reads_what_bad_ones_come_to(visitor: Visitor) -> None:
    visitor.open_link()
    visitor.press("start")
    visitor.press("consent", "button[value=yes]")
    visitor.press("look", ".wrong button >> nth=0")
    visitor.practise("stripes")
    expect(visitor.page.locator("#coach")).to_contain_text("Bad words would be tilted")
    visitor.press("tutorial")
    visitor.answer_check(RIGHT_ANSWERS)
    expect(visitor.page.locator(".start")).to_contain_text("All your answers are right.")
    expect(visitor.page.locator("#layout")).to_have_attribute("inert", "")  # class page and task are one


@pytest.mark.parametrize("window", [{"width": 1366, "height": 768}, {"width": 390, "height": 664}])
def test_the_card_for_another_browser_has_space_around_it(
    visitor: Visitor, new_visitor: NewVisitor, window: dict[str, int]
) -> None:
    visitor.go_to_check()
    other = new_visitor(viewport=window)
    other.open_link()
    other.press("start")
    assert space(other.page, "#resume") >= 12


def space(page: Page, element: str) -> float:
    """Return the pixels between an element and the nearest of what stands above it, below it and at the sides."""
    return float(
        page.locator(element).evaluate(
            """(one) => {
                const own = one.getBoundingClientRect();
                const above = one.previousElementSibling.getBoundingClientRect();
                const below = one.nextElementSibling.getBoundingClientRect();
                return Math.min(own.top - above.bottom, below.top - own.bottom, own.left, innerWidth - own.right);
            }"""
        )
    )
