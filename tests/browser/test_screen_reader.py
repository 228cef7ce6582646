"""What a screen reader finds on each page: names, roles and states, in the order in which they are read."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Study, Task
from tests.browser.conftest import NewVisitor, ask_at_the_end
from tests.browser.visitor import Visitor, back_to_all_images
from tests.support.actors import WRONG_TRIES
from worker.phrases.scoring import score_due_phrases

_SENTENCE = "The AI is often wrong on images that have"
_STUDYS_FOOT = """
- contentinfo:
  - paragraph:
    - link "Withdraw from the study"
  - form "Language":
    - button "English" [pressed]
    - button "Deutsch"
"""
# Of each page's main region, in order; what is between may be there too.
MAIN = {
    "welcome": """
- heading "The sprites study" [level=1]
- paragraph: /An AI sorts images, and makes mistakes/
- heading "An example" [level=2]
- paragraph: /These are all hearts/
- term: You need
- definition: to see pictures
- status: /Your device is ready|Checking your device/
- button "Start"
""",
    "consent": """
- heading "Do you agree to take part?" [level=1]
- term: Time
- definition: up to about 15 minutes
- paragraph: /You may leave at any time/
- button "I agree"
- button "I do not agree"
""",
    "tutorial: look": """
- heading "An example" [level=1]
- status "What to do now":
  - paragraph:
    - strong: Press an image that the AI got wrong.
- region "The AI was right":
  - heading "The AI was right" [level=2]
  - list:
    - listitem:
      - button "Image 1, the AI was right"
- region "The AI was wrong":
  - list:
    - listitem:
      - button "Image 11, the AI was wrong"
""",
    "tutorial: before fluffy": f"""
- region "The AI was right"
- region "The AI was wrong"
- status "What to do now":
  - paragraph: "Yes: it is a heart, and the AI said “star”."
- textbox "{_SENTENCE}"
- button "Check"
""",
    "tutorial: done": f"""
- status "What to do now":
  - paragraph:
    - strong: That is how it works.
- textbox "{_SENTENCE}"
- button "Go on"
- region "What your words explain":
  - paragraph:
    - text: Your words explain the mistakes
    - strong: very well.
  - paragraph:
    - strong: With stripes
    - text: 9 of 10 wrong
  - paragraph:
    - strong: 90%
    - text: wrong
  - list:
    - listitem:
      - img /Image \\d+, the AI was wrong/
  - paragraph:
    - strong: Without it
    - text: 1 of 10 wrong
  - paragraph:
    - strong: 10%
    - text: wrong
""",
    "check": """
- heading "Three short questions" [level=1]
- group /1\\. What does “the AI was wrong” mean/:
  - radio "It gave the image the wrong name, for example “star” for a heart."
- group "2. Which words do we ask for?":
  - radio "The name of the class."
- button "Send my answers"
""",
    "check: last try": """
- alert:
  - paragraph: /One answer is not right yet/
  - list:
    - listitem:
      - link /With “stripes”, 90% are wrong/
- group /1\\. What does/:
  - radio "It gave the image the wrong name, for example “star” for a heart." [checked]
  - paragraph: That was right.
- group /3\\. With “stripes”/:
  - radio "Striped ones are wrong less often." [checked]
  - paragraph:
    - strong: Not quite.
    - text: /Almost all of the mistakes/
- button "Send my answers"
""",
    "begin": """
- heading /Next. images whose right answer is .?square/ [level=1]
- definition: 10 minutes at most
- definition: /up to 20 *We use only words that you check\\./
- button "Start the clock"
""",
    "task": f"""
- text: "For a start:"
- list:
  - listitem:
    - link "red"
- region "The AI was right":
  - heading "The AI was right" [level=2]
  - paragraph: 15 images
  - list:
    - listitem:
      - link "Image 1, the AI was right"
- region "The AI was wrong":
  - paragraph: 9 images
  - paragraph: it said oval
  - list:
    - listitem:
      - link "Image 2, the AI was wrong"
- heading "Your sentence" [level=2]
- textbox "{_SENTENCE}"
- button "Check"
""",
    "scoring": """
- region "What your words explain":
  - paragraph:
    - strong: Scoring blue …
- complementary:
  - region "Your words 1 of 20 tries":
    - list:
      - listitem:
        - link "blue scoring …"
- status: Scoring
""",
    "scored, with a question": """
- region "What your words explain":
  - heading "What your words explain" [level=2]
  - paragraph:
    - text: Your words explain the mistakes
    - strong: no better than guessing.
  - paragraph
  - paragraph:
    - strong: Images most like dark
  - list:
    - listitem:
      - link /Image \\d+, the AI was wrong/
  - paragraph:
    - strong: The others
  - region "Do these have dark in them?":
    - heading "Do these have dark in them?" [level=3]
    - list:
      - listitem:
        - link /^Image \\d+$/
    - button "Yes"
    - button "No"
    - button "Hard to say"
    - paragraph: Your answer tells you what to try next.
  - paragraph:
    - link "Back to all the images"
  - group: /Which images count as dark/
- complementary:
  - region "Your words 2 of 20 tries":
    - list:
      - listitem:
        - link /blue wrong with it .* no better than guessing/
      - listitem:
        - link /dark wrong with it .* no better than guessing/
- status: /than guessing.* Images most like dark .* The others .* Do these have dark in them\\?/
""",
    "answered": """
- region "Do these have dark in them?":
  - button "No" [pressed]
  - paragraph:
    - strong: The program did not understand your words as you meant them.
  - paragraph: "You could also say:"
""",
    "enlarged": """
- dialog /Image 2, the AI was wrong\\. It said. oval/:
  - img "Image 2, the AI was wrong"
  - button "Close"
""",
    "end": """
- heading "Almost done" [level=1]
- region "What you found":
  - list:
    - listitem:
      - text: "square no words that explain the mistakes"
- group "How hard was it?":
  - radio "easy"
  - radio "No answer" [checked]
- textbox "Anything else?"
- button "Finish"
""",
    "code": """
- heading "Thank you" [level=1]
- region "Your completion code":
  - paragraph:
    - code: C0DE1234
    - button "Copy"
- region "If you change your mind":
  - paragraph:
    - link /withdraw/
""",
    "withdraw": """
- heading "Do you want to withdraw?" [level=1]
- button "Withdraw"
""",
}


def visit(visitor: Visitor) -> Iterator[str]:
    """From the link to the link to withdraw, with every part of the task page that a study can switch on."""
    Study.objects.update(suggest_rewordings=True, goal=0.5)
    Task.objects.update(suggested_words="red\nblue")
    ask_at_the_end("How hard was it? | easy | hard\nAnything else?")
    page = visitor.page
    yield from visitor.walk_to_task()
    visitor.say("blue")
    yield "scoring"
    visitor.say_and_score("dark")
    yield "scored, with a question"
    page.click("#judge-no")
    expect(page.locator("#judge-no")).to_have_attribute("aria-pressed", "true")
    yield "answered"
    back_to_all_images(page)
    page.click("#wrong-images a >> nth=0")
    yield "enlarged"
    page.keyboard.press("Escape")
    visitor.press("done")
    yield "end"
    visitor.press("finish")
    yield "code"
    page.click("#withdrawal-link")
    yield "withdraw"


def landmarks(page: Page) -> None:
    """One heading of the first level, one main region, and what leads to it."""
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("banner")).to_have_count(1)
    expect(page.get_by_role("link", name="Skip to the content")).to_have_attribute("href", "#main")
    assert page.title()


def test_every_page_reads_as_it_should_and_no_alternative_text_tells_what_an_image_shows(visitor: Visitor) -> None:
    """Whoever does not see the images gets no word that the others have to find for themselves."""
    read, n_images = [], 0
    for name in visit(visitor):
        n_images += alternative_texts(visitor.page, name)
        if name != "enlarged":  # what is behind a dialog is not read
            landmarks(visitor.page)
        if name in MAIN:
            expect(visitor.page.locator("main")).to_match_aria_snapshot(MAIN[name])
            read.append(name)
        if name.startswith(("tutorial", "check", "begin", "task", "scor", "end")):
            expect(visitor.page.locator("body")).to_match_aria_snapshot(_STUDYS_FOOT)
    assert read == list(MAIN)
    assert n_images > 100


def alternative_texts(page: Page, name: str) -> int:
    """Each says an image's number, and at most whether the AI was right. Return how many were read."""
    images = page.locator("main img:visible").evaluate_all("all => all.map(one => one.alt)")
    if name == "welcome":
        expect(page.locator(".sample-grids")).to_have_attribute("aria-hidden", "true")
    assert [alt for alt in images if not re.fullmatch(r"Image \d+(, the AI was (right|wrong))?", alt)] == [], name
    unmarked = page.locator("#doubt img").evaluate_all("all => all.map(one => one.alt)")
    assert all(re.fullmatch(r"Image \d+", alt) for alt in unmarked), name
    return len(images)


def test_an_image_has_one_number_wherever_it_is_heard(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("dark")
    heard = visitor.page.locator("main ul img").evaluate_all("all => all.map(one => [one.src, one.alt.split(',')[0]])")
    images, names = zip(*set(map(tuple, heard)), strict=True)
    assert len(images) == len(set(images)) == len(set(names)) == 24
    assert len(heard) > 50


@pytest.mark.parametrize("with_script", [True, False])
def test_a_link_heard_first_leads_past_the_images_to_the_sentence(new_visitor: NewVisitor, with_script: bool) -> None:
    visitor = new_visitor(java_script_enabled=with_script)
    visitor.go_to_task()
    page = visitor.page
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the sentence")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_be_focused()


def test_a_score_is_announced_once_it_is_there_and_nothing_before_is_read_again(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    listen(page)
    expect(page.locator("#announcement")).to_have_attribute("role", "status")
    visitor.say("red")
    score_due_phrases()
    visitor.sees_score_of("red")
    page.wait_for_function("() => window.said.length > 1")
    assert page.evaluate("window.said") == [
        "Scoring",
        "Your words explain the mistakes very well. You can stop here. "
        "With red 9 of 11 wrong 82% wrong. Without it 0 of 13 wrong 0% wrong.",
    ]


def listen(page: Page) -> None:
    """Keep what a screen reader is given to say, in window.said."""
    page.evaluate("""() => {
        window.said = [];
        const region = document.getElementById("announcement");
        new MutationObserver(() => window.said.push(region.textContent)).observe(region, { childList: true });
    }""")


def test_the_question_is_announced_and_its_answer_says_only_what_to_try_next(visitor: Visitor) -> None:
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("dark")
    expect(page.locator("#announcement")).to_contain_text("Do these have dark in them? Your answer tells you")
    listen(page)
    page.click("#judge-no")
    page.wait_for_function("() => window.said.length")
    assert page.evaluate("window.said") == [
        "The program did not understand your words as you meant them. "
        "Keep the idea. Say it in other words, plainer or more exact."
    ]


@pytest.mark.parametrize("is_loaded_again", [False, True])
def test_the_handle_says_its_new_place_and_then_the_new_split_once(visitor: Visitor, is_loaded_again: bool) -> None:
    visitor.go_to_task()
    page = visitor.page
    visitor.say_and_score("red")
    if is_loaded_again:
        page.reload()
    visitor.take_handle()
    thumb = page.locator("#threshold-thumb").element_handle()
    listen(page)
    for key in ("ArrowRight", "PageDown", "ArrowRight"):
        page.keyboard.press(key)
    page.wait_for_function("() => window.said.length")
    assert page.evaluate("thumb => thumb === document.activeElement", thumb)  # a new one would be read from its name on
    expect(page.locator("#threshold-thumb")).to_have_attribute("aria-valuetext", re.compile(r"^\d+ of 24 images"))
    *_, said = page.evaluate("window.said")
    share = r"\d+ of \d+ wrong \d+% wrong\."
    assert re.match(rf"With red {share} Without it {share}", said)
    assert "You tried" not in said and "Adjust" not in said


def test_what_the_page_says_of_a_score_is_announced_with_it(visitor: Visitor) -> None:
    visitor.go_to_task()
    for text, sentence in (
        ("blue", "The AI is wrong less often on images like that."),
        ("no blue", "We looked for images without blue."),
        ("squares", "All of these images are square"),
    ):
        visitor.say_and_score(text)
        expect(visitor.page.locator("#announcement")).to_contain_text(sentence)
        expect(visitor.page.locator("#announcement")).to_contain_text(
            re.compile("than guessing|very well|What do only")
        )


def test_the_ends_apart_from_the_straight_way_read_as_they_should(new_visitor: NewVisitor) -> None:
    Study.objects.update(no_consent_code="NOCONSENT1", failed_check_code="SCREEN01")
    declining, failing = new_visitor("dora"), new_visitor("fred")
    declining.open_link()
    declining.press("start")
    declining.press("consent", "[value=no]")
    landmarks(declining.page)
    expect(declining.page.locator("main")).to_match_aria_snapshot("""
- heading "You did not agree to take part" [level=1]
- paragraph: /has no disadvantage for you/
- region "Your completion code":
  - paragraph:
    - code: NOCONSENT1
""")
    failing.go_to_check()
    for answers in WRONG_TRIES:
        failing.answer_check(answers)
    landmarks(failing.page)
    expect(failing.page.locator("main")).to_match_aria_snapshot("""
- heading "Thank you for trying" [level=1]
- paragraph: /the study ends here for you/
- paragraph: /That is not a rejection/
- region "Your completion code":
  - paragraph:
    - code: SCREEN01
""")
    failing.page.goto(f"{failing.origin}/nowhere")
    landmarks(failing.page)
