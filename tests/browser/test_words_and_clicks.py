"""How much a person reads and presses between the link and the first phrase."""

import re

from tests.browser.visitor import Visitor
from tests.support.actors import RIGHT_ANSWERS

MOST_WORDS = 500
MOST_PRESSES = 8  # of buttons and images; the three questions' answers are chosen, not pressed


def test_the_way_to_the_first_phrase_is_short(visitor: Visitor) -> None:
    """The example's answer comes at once, and what stands on two pages is read once."""
    page, read = visitor.page, dict[str, int]()

    def look() -> None:
        for line in page.locator("main").inner_text().splitlines():
            read[line] = len(re.findall(r"[^\W\d_][\w’'-]*", line))

    visitor.open_link()
    look()
    presses = [
        lambda: visitor.press("start"),
        lambda: visitor.press("consent", "button[value=yes]"),
        lambda: visitor.press("look", ".wrong button >> nth=0"),
        lambda: visitor.practise("stripes"),
        lambda: visitor.press("tutorial"),
        lambda: visitor.answer_check(RIGHT_ANSWERS),
        lambda: visitor.press("begin"),
    ]
    assert len(presses) <= MOST_PRESSES
    for press in presses:
        press()
        look()
    assert page.locator("#phrase #text").is_visible()
    assert sum(read.values()) <= MOST_WORDS, read
