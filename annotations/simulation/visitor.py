"""One simulated participant's visit: it reads what the page asks for, and does that."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from annotations.readings.comprehension import QUESTIONS
from annotations.simulation.browser import Browser, Page, UnexpectedPage
from annotations.simulation.personas import Leaves, Persona

MOST_PAGES = 400  # a visit that turns more pages than this goes in circles
SCORE_WITHIN_S = 60
RIGHT_ANSWERS = {question.name: question.right for question in QUESTIONS}
FIRST_LOOK_S, LONGEST_LOOK_S = 0.05, 1.0


@dataclass
class VisitReport:
    """What became of one visit. `scores` holds one entry per accepted phrase: None where no score came in time."""

    persona: Persona
    scores: list[float | None] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    completion_code: str | None = None


def visit(base_url: str, study_path: str, outside_ids: Mapping[str, str], persona: Persona) -> VisitReport:
    """Come by the study's link, go as far as the persona goes, and report. Raises UnexpectedPage and httpx.HTTPError.

    study_path: "/study/<slug>/"; outside_ids: the three link parameters by name.
    """
    with Browser(base_url) as browser:
        return _Visit(browser, persona).run(browser.open(study_path, outside_ids))


class _Visit:
    def __init__(self, browser: Browser, persona: Persona) -> None:
        self._browser = browser
        self._persona = persona
        self._unsaid = list(persona.phrases)
        self._practice_words = ["large", "red", "large red"]
        self._report = VisitReport(persona)

    def run(self, page: Page) -> VisitReport:
        for _ in range(MOST_PAGES):
            following = self._next(page)
            if following is None:
                return self._report
            page = following
        raise UnexpectedPage(f"after {MOST_PAGES} pages the visit was at {page.url.path} (“{page.title}”)")

    def _next(self, page: Page) -> Page | None:
        """Do what the page asks for; None where the visit is over."""
        if code := page.find("#completion-code"):
            self._report.completion_code = code.get_text(strip=True)
            return None
        if page.has_form("start"):
            return self._browser.submit(page, "start")
        if page.has_form("consent"):
            return self._consent(page)
        if page.has_form("look") or page.has_form("tutorial"):
            return None if self._persona.leaves == Leaves.BEFORE_TUTORIAL else self._practise(page)
        if page.has_form("check"):
            return self._browser.submit(page, "check", **RIGHT_ANSWERS)
        if page.has_form("begin"):
            self._unsaid = list(self._persona.phrases)
            return self._browser.submit(page, "begin")
        if page.has_form("phrase") or page.has_form("done"):
            return self._work(page)
        if page.has_form("finish"):
            return self._browser.submit(page, "finish")
        raise UnexpectedPage(f"{page.url.path} asks for nothing a visitor knows; its title is “{page.title}”")

    def _consent(self, page: Page) -> Page | None:
        declines = self._persona.leaves == Leaves.DECLINING
        following = self._browser.submit(page, "consent", agree="no" if declines else "yes")
        return None if declines else following

    def _practise(self, page: Page) -> Page:
        """Do the tutorial's example: point at a wrong picture, try words until it lets one go on."""
        if page.has_form("tutorial"):
            return self._browser.submit(page, "tutorial")
        if picture := page.find("#wrong-images button[name=picture]"):
            return self._browser.submit(page, "look", picture=str(picture["value"]))
        return self._browser.submit(page, "practise", text=self._practice_words.pop(0))

    def _work(self, page: Page) -> Page | None:
        if self._unsaid and page.has_form("phrase"):
            return self._say(page, self._unsaid.pop(0))
        return None if self._persona.leaves == Leaves.MID_TASK else self._browser.submit(page, "done")

    def _say(self, page: Page, text: str) -> Page:
        """Submit a phrase and look at the page until its score is there."""
        before = _states(page)
        following = self._browser.submit(page, "phrase", may_refuse=True, text=text)
        if following.status >= 400:
            self._report.refused.append(text)
            return self._browser.open(str(page.url))
        new = _states(following).keys() - before.keys()
        if len(new) != 1:
            raise UnexpectedPage(f"after a phrase {following.url.path} shows {len(new)} new ones")
        return self._watch(following, new.pop())

    def _watch(self, page: Page, phrase: str) -> Page:
        until, pause = time.monotonic() + SCORE_WITHIN_S, FIRST_LOOK_S
        while _states(page).get(phrase) == "pending" and time.monotonic() < until:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_LOOK_S)
            page = self._browser.open(str(page.url))
        shown = page.find(f'[data-phrase="{phrase}"][data-state="scored"]')
        self._report.scores.append(None if shown is None else float(str(shown["data-score"])))
        return page


def _states(page: Page) -> dict[str, str]:
    """State of each phrase the page shows, by its uuid."""
    return {
        str(shown["data-phrase"]): str(shown["data-state"])
        for shown in page.content.select("[data-phrase][data-state]")
    }
