"""Reload, back, a second tab and a second device: the same place, the same images, nothing twice."""

from playwright.sync_api import expect

from annotations.models import AnnotationSession, Assignment, CheckAttempt, EndAnswer, Phrase, PracticePhrase
from tests.browser.conftest import NewVisitor, ask_at_the_end
from tests.browser.visitor import Visitor
from tests.support.actors import RIGHT_ANSWERS
from worker.phrases.scoring import score_due_phrases


def images_of(visitor: Visitor) -> list[str]:
    sources = "images => images.map(image => image.src.split('/').at(-3))"
    return list(visitor.page.eval_on_selector_all(".class-grid img", sources))


def test_a_reload_at_every_step_changes_nothing(visitor: Visitor) -> None:
    page = visitor.page
    for _ in visitor.walk_to_task():
        page.reload()
    assert (PracticePhrase.objects.count(), CheckAttempt.objects.count()) == (3, 2)
    deadline = Assignment.objects.get().deadline_at
    images = images_of(visitor)
    visitor.say("red")
    page.reload()
    expect(page.locator("#answer")).to_have_attribute("data-state", "pending")
    score_due_phrases()
    visitor.sees_score_of("red")
    page.reload()
    visitor.sees_score_of("red")
    assert images_of(visitor)[: len(images)] == images
    visitor.press("done")
    page.reload()
    visitor.press("finish")
    page.reload()
    assert visitor.code == "C0DE1234"
    assert (AnnotationSession.objects.count(), Phrase.objects.count()) == (1, 1)
    assert Assignment.objects.get().first_deadline_at == deadline


def test_what_was_typed_survives_a_reload(visitor: Visitor) -> None:
    visitor.go_to_task()
    visitor.page.fill("#text", "a half thought")
    visitor.page.reload()
    expect(visitor.page.locator("#text")).to_have_value("a half thought")


def test_answers_survive_a_reload_until_they_are_sent(visitor: Visitor) -> None:
    ask_at_the_end("How was it?")
    visitor.go_to_check()
    page = visitor.page
    page.locator("#check input[type=radio]").first.check()
    chosen = page.locator("#check input:checked").get_attribute("value")
    page.reload()
    expect(page.locator("#check input:checked")).to_have_value(chosen or "")
    visitor.answer_check(RIGHT_ANSWERS)
    visitor.press("begin")
    visitor.say("red")
    visitor.press("done")
    page.fill("#question-1", "not so")
    page.reload()
    expect(page.locator("#question-1")).to_have_value("not so")
    page.fill("#question-1", "not so hard")
    visitor.press("finish")
    assert EndAnswer.objects.get().answer == "not so hard"
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('clarify:form'))") == []


def test_the_answers_of_the_first_try_do_not_come_back_in_the_second(visitor: Visitor) -> None:
    visitor.go_to_check()
    visitor.answer_check(RIGHT_ANSWERS | {"split": "less"})
    before = visitor.page.locator("#check input:checked").count()
    visitor.page.reload()
    assert visitor.page.locator("#check input:checked").count() == before


def test_back_leads_to_where_the_person_is(visitor: Visitor) -> None:
    visitor.go_to_check()
    visitor.answer_check(RIGHT_ANSWERS)
    visitor.press("begin")
    here = visitor.page.url
    for _ in range(2):
        visitor.page.go_back()
    expect(visitor.page.locator("form#phrase")).to_be_visible()
    assert visitor.page.url == here


def test_two_tabs_work_on_one_visit(visitor: Visitor) -> None:
    visitor.go_to_task()
    second = Visitor(visitor.page.context.new_page(), visitor.origin, visitor.study, visitor.name)
    second.page.goto(visitor.page.url)
    visitor.say_and_score("red")
    second.say_and_score("blue")
    assert second.history == ["red", "blue"]
    visitor.page.reload()
    assert visitor.history == ["red", "blue"]


def test_a_second_device_goes_on_in_the_same_place(visitor: Visitor, new_visitor: NewVisitor) -> None:
    visitor.go_to_task()
    visitor.say_and_score("red")
    phone = new_visitor(viewport={"width": 390, "height": 844})
    phone.go_on_here()
    phone.sees_score_of("red")
    assert phone.history == ["red"]
    assert images_of(phone) == images_of(visitor)
    assert AnnotationSession.objects.count() == 1
