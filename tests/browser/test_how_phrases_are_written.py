"""The page counts how words come into the field: typed, or pasted at once."""

from annotations.models import Phrase
from tests.browser.visitor import Visitor

PASTE = """text => {
  const field = document.getElementById("text");
  field.focus();
  field.select();
  field.value = text;
  field.dispatchEvent(new InputEvent("input", { inputType: "insertFromPaste", data: text, bubbles: true }));
}"""


def test_typed_and_pasted_phrases_are_told_apart_and_no_key_is_kept(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    page.locator("#text").press_sequentially("red shapes", delay=30)
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('answer').dataset.text === 'red shapes'")
    page.evaluate(PASTE, "a large red square")
    page.evaluate("() => document.querySelector('#phrase button').click()")
    page.wait_for_function("() => document.getElementById('answer').dataset.text === 'a large red square'")
    typed, pasted = Phrase.objects.order_by("ordinal")
    assert typed.writing is not None and pasted.writing is not None
    assert typed.writing.keys() == {"first_ms", "edits", "gap_ms", "pastes", "left"}
    assert (typed.writing["edits"], typed.writing["pastes"]) == (10, 0)
    assert 10 <= typed.writing["gap_ms"] < 5000
    assert (pasted.writing["edits"], pasted.writing["pastes"]) == (1, 1)
