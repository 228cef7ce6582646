"""No page has a violation that axe-core finds, in either theme."""

from annotations.models import Study
from tests.browser.conftest import NewVisitor, ask_at_the_end
from tests.browser.visitor import Visitor, back_to_all_images
from tests.support.accessibility import assert_no_violations_in_both_themes, follow
from tests.support.actors import WRONG_TRIES


def check(visitor: Visitor, name: str) -> None:
    assert_no_violations_in_both_themes(visitor.page, name)


def test_no_page_of_a_visit_has_a_violation(visitor: Visitor) -> None:
    Study.objects.update(completion_url="https://example.org/?cc={code}")
    ask_at_the_end("How hard was it? | easy | hard\nAnything else?")
    for name in visitor.walk_to_task():
        check(visitor, name)
    visitor.say("blue")
    check(visitor, "scoring")
    visitor.say_and_score("red")
    check(visitor, "scored")
    visitor.page.fill("#text", "?!")
    visitor.page.press("#text", "Enter")
    visitor.page.wait_for_selector("#phrase-error:not(:empty)")
    check(visitor, "refused")
    back_to_all_images(visitor.page)
    visitor.page.click("#right-images a >> nth=0")
    check(visitor, "enlarged")
    visitor.page.press("#enlarged", "Escape")
    visitor.press("done")
    check(visitor, "end")
    Study.objects.update(completion_url="")
    visitor.press("finish")
    check(visitor, "code")
    follow(visitor.page.locator("#withdrawal-link"))
    check(visitor, "withdraw")
    visitor.press("withdraw")
    check(visitor, "withdrawn")


def test_no_page_for_a_fault_has_a_violation(visitor: Visitor) -> None:
    for path in ("/nowhere", "/visit/", "/study/sprites/", "/study/other/"):
        visitor.page.goto(visitor.origin + path)
        check(visitor, path)


def test_the_page_after_a_refused_consent_has_no_violation(visitor: Visitor) -> None:
    Study.objects.update(no_consent_code="NOCONSENT1")
    visitor.open_link()
    visitor.press("start")
    visitor.press("consent", "[value=no]")
    check(visitor, "declined")


def test_the_check_after_unchanged_answers_has_no_violation(visitor: Visitor) -> None:
    visitor.go_to_check()
    for _ in range(2):
        visitor.answer_check(WRONG_TRIES[0])
    check(visitor, "unchanged")


def test_the_page_after_a_check_failed_twice_has_no_violation(visitor: Visitor) -> None:
    Study.objects.update(failed_check_code="SCREEN01")
    visitor.go_to_check()
    for answers in WRONG_TRIES:
        visitor.answer_check(answers)
    check(visitor, "not passed")


def test_the_page_that_asks_for_a_resume_code_has_no_violation(visitor: Visitor, new_visitor: NewVisitor) -> None:
    visitor.go_to_check()
    other = new_visitor()
    other.open_link()
    other.press("start")
    check(other, "resume")
    other.page.fill("#resume-code", "AAAA-AAAA")
    other.press("resume")
    check(other, "resume: a wrong code")
