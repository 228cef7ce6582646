"""A person in front of a browser."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings
from playwright.sync_api import Page, expect

from annotations.models import AnnotationSession, Study
from annotations.phrases import assignments
from annotations.visits import sessions
from annotations.visits.resume_codes import resume_code
from tests.support.actors import RIGHT_ANSWERS, as_numbered, client_of, do_tutorial, pass_check
from worker.phrases.scoring import score_due_phrases

DONE = ":is(#to-done, form#done button):visible"  # in the answer, or in its own place


@dataclass
class Visitor:
    """What a person does on the pages, with the mouse unless a method says otherwise."""

    page: Page
    origin: str
    study: Study
    name: str

    def open_link(self) -> None:
        """Open the link of the study, as Prolific makes it."""
        ids = f"PROLIFIC_PID={self.name}&STUDY_ID=outside&SESSION_ID={self.name}-visit"
        self.page.goto(f"{self.origin}/study/{self.study.slug}/?{ids}")

    def press(self, form: str, button: str = "button") -> None:
        """Press a form's button and wait for the page that follows; Done asks once more, in a dialog or on a page."""
        if form == "consent" and button.endswith("[value=no]"):
            self._press(form, button)
            button = "button"  # asked once more
        asks = self.page.locator("#sure")
        if (
            form == "done"
            and asks.count()
            and self.page.evaluate("!!document.querySelector('[data-enlarge][tabindex]')")
        ):
            self.page.click(DONE)
            form = "really-done"
        elif form == "done" and asks.count():
            self._press(form, button)
        self._press(form, button)

    def _press(self, form: str, button: str) -> None:
        with self.page.expect_navigation():
            self.page.click(DONE if form == "done" else f"form#{form} {button}")

    def go_on_here(self) -> None:
        """Come by the link of a visit that began in another browser, with the code that its pages show."""
        self.open_link()
        self.press("start")
        self.page.fill("#resume-code", resume_code(AnnotationSession.objects.latest("pk")))
        self.press("resume")

    def walk_to_task(self) -> Iterator[str]:
        """Go by every page from the link to the running clock; yields each page's name while the person is on it."""
        self.open_link()
        yield "welcome"
        self.press("start")
        yield "consent"
        self.press("consent", "button[value=yes]")
        yield "tutorial: look"
        self.press("look", ".right button >> nth=0")
        yield "tutorial: look again"
        self.press("look", ".wrong button >> nth=0")
        for text in ("fluffy", "tilted", "stripes"):
            yield f"tutorial: before {text}"
            self.practise(text)
        yield "tutorial: done"
        self.press("tutorial")
        yield "check"
        self.answer_check(RIGHT_ANSWERS | {"split": "less"})
        yield "check: last try"
        self.answer_check(RIGHT_ANSWERS)
        yield "begin"
        self.press("begin")
        yield "task"

    def go_to_check(self) -> None:
        """Come in by the link, and be as far as the comprehension check without seeing the pages between."""
        self.open_link()
        self.press("start")
        do_tutorial(sessions.give_consent(AnnotationSession.objects.latest("pk")))
        self.page.goto(f"{self.origin}/visit/")

    def practise(self, text: str) -> None:
        """Try a phrase of the example."""
        self.page.fill("#practise #text", text)
        self.press("practise")

    def answer_check(self, answers: Mapping[str, str]) -> None:
        """Choose the options of the comprehension check, and send them."""
        for name, number in as_numbered(AnnotationSession.objects.latest("pk"), answers).items():
            self.page.check(f"input[name={name}][value='{number}']")
        self.press("check")

    def go_to_task(self) -> None:
        """Be at the running clock without having seen the pages before it, and the browser with the visit's cookie."""
        session = sessions.enter(
            self.study, participant_id=self.name, study_id="outside", session_id=f"{self.name}-visit"
        )
        pass_check(do_tutorial(sessions.give_consent(session)))
        assignment = assignments.start(session.assignments.earliest("position"))
        cookie = client_of(session).cookies[settings.SESSION_COOKIE_NAME].value
        self.page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.origin}])
        self.page.goto(f"{self.origin}/visit/tasks/{assignment.public_id}/")

    def load_in_window(self, width: int, height: int) -> None:
        """Load the page that one is on in a window of another size."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.reload()

    def say(self, text: str) -> None:
        """Type a phrase, press Enter, and wait until the page says that it has it."""
        self.page.fill("#text", text)
        self.page.press("#text", "Enter")
        expect(self.page.locator("#answer")).to_have_attribute("data-text", text)

    def say_and_score(self, text: str) -> None:
        """Say a phrase; a worker scores it, and the page shows that."""
        self.say(text)
        score_due_phrases()
        self.sees_score_of(text)

    def sees_score_of(self, text: str) -> None:
        expect(self.page.locator("#answer[data-state=scored]")).to_have_attribute("data-text", text)

    def press_done(self) -> None:
        """Press Done, and say that one is sure, without waiting for what follows."""
        self.page.click(DONE)
        self.page.click("#really-done .button >> nth=0")

    def take_handle(self) -> None:
        """Unfold what may be adjusted, and put the focus on the handle's thumb."""
        if not self.page.locator("#adjust").evaluate("fold => fold.open"):
            self.page.click("#adjust summary")
        self.page.focus("#threshold-thumb")

    @property
    def history(self) -> list[str]:
        """The phrases on the page, in order."""
        return self.page.locator("#history bdi").all_text_contents()

    @property
    def code(self) -> str:
        return self.page.inner_text("#completion-code")


def back_to_all_images(page: Page) -> None:
    """Go from an answer to all the images of the class, if an answer stands there."""
    link = page.locator("#all-images")
    if link.is_visible():
        link.click()
