"""A person in front of a browser."""

from collections.abc import Mapping
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from annotations.models import Study
from tests.actors import RIGHT_ANSWERS
from worker.scoring import score_due_phrases


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
        """Press a form's button and wait for the page that follows."""
        with self.page.expect_navigation():
            self.page.click(f"form#{form} {button}")

    def go_to_tutorial(self) -> None:
        self.open_link()
        self.press("start")
        self.press("consent", "button[value=yes]")

    def do_tutorial(self) -> None:
        """Do the example by hand, and go on."""
        self.press("look", ".wrong button >> nth=0")
        for text in ("red", "large red"):
            self.practise(text)
        self.press("tutorial")

    def practise(self, text: str) -> None:
        """Try a phrase of the example."""
        self.page.fill("#practise #text", text)
        self.press("practise")

    def answer_check(self, answers: Mapping[str, str]) -> None:
        """Choose the options of the comprehension check, and send them."""
        for name, key in answers.items():
            self.page.check(f"input[name={name}][value={key}]")
        self.press("check")

    def go_to_task(self) -> None:
        """Go all the way to the running clock."""
        self.go_to_tutorial()
        self.do_tutorial()
        self.answer_check(RIGHT_ANSWERS)
        self.press("begin")

    def say(self, text: str) -> None:
        """Type a phrase, press Enter, and wait until the page says that it has it."""
        self.page.fill("#text", text)
        self.page.press("#text", "Enter")
        expect(self.page.locator("#answer q").first).to_have_text(text)

    def say_and_score(self, text: str) -> None:
        """Say a phrase; a worker scores it, and the page shows that."""
        self.say(text)
        score_due_phrases()
        self.sees_score_of(text)

    def sees_score_of(self, text: str) -> None:
        expect(self.page.locator("#answer[data-state=scored] .score-scale q")).to_have_text(text)

    @property
    def history(self) -> list[str]:
        """The phrases on the page, in order."""
        return self.page.locator("#history bdi").all_text_contents()

    @property
    def code(self) -> str:
        return self.page.inner_text("#completion-code")
