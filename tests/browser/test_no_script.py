"""A whole visit without any JavaScript."""

from playwright.sync_api import expect

from annotations.models import AnnotationSession, Outcome
from tests.browser.conftest import NewVisitor
from worker.phrases.scoring import score_due_phrases


def test_a_person_without_javascript_goes_from_the_link_to_the_code(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(java_script_enabled=False)
    page = visitor.page
    for _ in visitor.walk_to_task():
        pass
    expect(page.locator("#timer")).to_have_text("10 min left")
    page.fill("#text", "?!")
    page.press("#text", "Enter")
    expect(page.locator("#phrase-error")).to_contain_text("only punctuation")
    visitor.say_and_score("blue")
    visitor.say("red")
    score_due_phrases()
    page.reload()  # as the page did by itself, after three seconds
    visitor.sees_score_of("red")
    page.click("#history a:has-text('blue')")
    visitor.sees_score_of("blue")
    image = page.request.get(visitor.origin + str(page.get_attribute("#wrong-images a >> nth=0", "href")))
    assert image.headers["content-type"] == "image/webp"
    visitor.press("done")
    visitor.press("finish")
    assert visitor.code == "C0DE1234"
    assert AnnotationSession.objects.get().outcome == Outcome.COMPLETED
