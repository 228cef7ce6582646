"""One simulated participant's visit: it reads what the page asks for, and does that in its own way."""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from annotations.simulation.page_browser import Browser, Page, UnexpectedPage
from annotations.simulation.personas import Kind, Leaves, Persona
from annotations.visits.check_questions import QUESTIONS

MAX_PAGES = 400  # a visit that turns more pages than this goes in circles
SCORE_WITHIN_S = 60
FIRST_LOOK_S, MAX_LOOK_S = 0.05, 1.0
RIGHT_ANSWERS = {question.name: question.right for question in QUESTIONS}
# One wrong answer, to the first question; another one the second time, for the same again is no try.
_WRONG_TRIES = [
    RIGHT_ANSWERS | {QUESTIONS[0].name: key} for key, _ in QUESTIONS[0].options if key != QUESTIONS[0].right
]
_TRIES_WITH_A_WRONG_ANSWER = {Kind.CHECK_FAILER: 2, Kind.HASTY: 1, Kind.GIBBERISH: 1}
_PRACTICE_WORDS = ("large", "stripes", "large stripes")


@dataclass
class Attention:
    """How long a task was in view, and how long the visitor waited for scores in it, by the monotonic clock."""

    _opening: str = field(default_factory=lambda: str(uuid.uuid4()))
    _began: float | None = None
    _waits: list[tuple[float, float]] = field(default_factory=list)

    def begin(self) -> None:
        """Note that a task's page is in view, if none was."""
        if self._began is None:
            self._began = time.monotonic()

    def waited(self, since: float) -> None:
        """Note a wait for a score that ends now."""
        self._waits.append((since, time.monotonic()))

    def report(self, assignment: str) -> str:
        """Return all spans of the task as the page's script sends them, and forget them."""
        now = time.monotonic()
        seen = [] if self._began is None else [("visible", self._began, now)]
        spans = [*seen, *(("waiting", *wait) for wait in self._waits)]
        self._began, self._waits = None, []
        return json.dumps(
            [
                {
                    "uuid": str(uuid.uuid4()),
                    "opening": self._opening,
                    "kind": kind,
                    "began_ago_ms": round(1000 * (now - began)),
                    "ended_ago_ms": round(1000 * (now - ended)),
                    "assignment": assignment,
                }
                for kind, began, ended in spans
            ]
        )


@dataclass
class VisitReport:
    """What became of one visit. `scores` holds one entry per phrase that was waited for: None where none came in time.

    `passed` is False where the comprehension check ended the visit.
    """

    persona: Persona
    scores: list[float | None] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    completion_code: str | None = None
    passed: bool = True


def visit(
    base_url: str, study_path: str, parameters: Mapping[str, str], persona: Persona, *, is_patient: bool = True
) -> VisitReport:
    """Come by the study's link, go as far as the persona goes, and report. Raises UnexpectedPage and httpx2.HTTPError.

    study_path: "/study/<slug>/"; parameters: of the link, by name; is_patient: go on after a score that did not come in
    time, instead of raising UnexpectedPage.
    """
    with Browser(base_url) as browser:
        return Visitor(browser, persona, is_patient).run(browser.open(study_path, parameters))


class Visitor:
    """Whoever makes a visit, in a browser of their own."""

    def __init__(self, browser: Browser, persona: Persona, is_patient: bool) -> None:
        self._browser = browser
        self._persona = persona
        self._is_patient = is_patient
        self._unsaid = list(persona.phrases)
        self._practice_words = list(_PRACTICE_WORDS)
        self._wrong_tries = _TRIES_WITH_A_WRONG_ANSWER.get(persona.kind, 0)
        self._other_tab: Page | None = None
        self._attention = Attention()
        self._report = VisitReport(persona)

    def run(self, page: Page) -> VisitReport:
        """Go from a page to where the visit ends. Raises UnexpectedPage and httpx2.HTTPError."""
        for _ in range(MAX_PAGES):
            following = self.next(page)
            if following is None:
                return self._report
            page = self._reloaded(following)
        raise UnexpectedPage(f"after {MAX_PAGES} pages the visit was at {page.url.path} (“{page.title}”)")

    def next(self, page: Page) -> Page | None:
        """Do what the page asks for; None where the visit is over."""
        if page.url.path == "/visit/not-passed":
            self._report.passed = False
            return None
        if code := page.find("#completion-code"):
            self._report.completion_code = code.get_text(strip=True)
            return None
        if page.has_form("start"):
            return self._submit(page, "start")
        if page.has_form("consent"):
            return self._consent(page)
        if any(page.has_form(name) for name in ("look", "practise", "tutorial")):
            return None if self._persona.leaves == Leaves.BEFORE_TUTORIAL else self._practise(page)
        if page.has_form("check"):
            return self._check(page)
        if page.has_form("begin"):
            self._unsaid = list(self._persona.phrases)
            self._other_tab = None
            return self._submit(page, "begin")
        if page.find("form#done input[name=sure]"):
            return self._submit(page, "done")
        if page.has_form("phrase") or page.has_form("done"):
            return self._work(page)
        if page.has_form("finish"):
            return self._submit(page, "finish")
        raise UnexpectedPage(f"{page.url.path} asks for nothing a visitor knows; its title is “{page.title}”")

    def _submit(self, page: Page, form_id: str, **fields: str) -> Page:
        """Send a form; who works in two tabs sends it twice. Words that cannot be scored may be refused."""
        following = page
        for _ in range(2 if self._persona.kind is Kind.TWO_TABS else 1):
            following = self._browser.submit(page, form_id, fields, may_refuse=form_id == "phrase")
        return following

    def _reloaded(self, page: Page) -> Page:
        if self._persona.kind is not Kind.RELOADER:
            return page
        return self._browser.open(str(page.url))

    def _consent(self, page: Page) -> Page | None:
        declines = self._persona.leaves == Leaves.DECLINING
        following = self._submit(page, "consent", agree="no" if declines else "yes")
        if declines:  # asked once more
            self._submit(following, "consent")
        return None if declines else following

    def _practise(self, page: Page) -> Page:
        """Do the tutorial's example: point at a wrong picture, try words until it lets one go on."""
        if page.has_form("tutorial"):
            return self._submit(page, "tutorial")
        if picture := page.find("#wrong-images button[name=picture]"):
            return self._submit(page, "look", picture=str(picture["value"]))
        return self._submit(page, "practise", text=self._practice_words.pop(0))

    def _check(self, page: Page) -> Page:
        self._wrong_tries -= 1
        answers = _WRONG_TRIES[self._wrong_tries % 2] if self._wrong_tries >= 0 else RIGHT_ANSWERS
        return self._submit(page, "check", **_as_numbered(page, answers))

    def _work(self, page: Page) -> Page | None:
        self._attention.begin()
        if self._unsaid and page.has_form("phrase"):
            return self._say(self._tab(page), self._unsaid.pop(0))
        self._browser.report(page, self._attention.report)
        return None if self._persona.leaves == Leaves.MID_TASK else self._submit(page, "done")

    def _tab(self, page: Page) -> Page:
        """The page itself, or for who works in two tabs the other one, which does not know what this one did."""
        if self._persona.kind is not Kind.TWO_TABS:
            return page
        other, self._other_tab = self._other_tab or page, self._browser.open(str(page.url))
        return other

    def _say(self, page: Page, text: str) -> Page:
        """Submit a phrase and look at the page until its score is there."""
        own = page.find("form#phrase input[name=client_uuid]")
        if own is None:
            raise UnexpectedPage(f"{page.url.path} gives a phrase no uuid")
        following = self._submit(page, "phrase", text=text)
        if following.find("#phrase-error input[name=as_typed]"):  # asked once about words that no list has
            return self._say(following, text)
        if following.status >= 400:
            self._report.refused.append(text)
            return self._browser.open(str(page.url))
        if self._persona.kind is Kind.HASTY:
            return following
        if following.find("#answer .repeated"):  # said before: that phrase is shown, and has its score
            return following
        return self._reply(self._watch(following, str(own["value"])))

    def _watch(self, page: Page, phrase: str) -> Page:
        if phrase not in _states(page):
            raise UnexpectedPage(f"after a phrase {page.url.path} does not show it")
        began, pause = time.monotonic(), FIRST_LOOK_S
        until = began + SCORE_WITHIN_S
        while _states(page).get(phrase) == "pending" and time.monotonic() < until:
            time.sleep(pause)
            pause = min(2 * pause, MAX_LOOK_S)
            page = self._browser.open(str(page.url))
        self._attention.waited(began)
        shown = page.find(f'[data-phrase="{phrase}"][data-state="scored"]')
        if shown is None and not self._is_patient:
            raise UnexpectedPage(f"a phrase had no score after {SCORE_WITHIN_S} s")
        self._report.scores.append(None if shown is None else float(str(shown["data-score"])))
        return page

    def _reply(self, page: Page) -> Page:
        """Who is diligent answers what is asked about a phrase, and moves the threshold a little and back."""
        if self._persona.kind is not Kind.DILIGENT:
            return page
        if page.has_form("judgement"):
            page = self._submit(page, "judgement", answer="unsure")
        if handle := page.find("form#threshold input[name=position]"):
            page = self._submit(page, "threshold", position=str(max(0, int(str(handle["value"])) - 3)))
            page = self._submit(page, "threshold", position="best")
        return page


def _as_numbered(page: Page, answers: Mapping[str, str]) -> dict[str, str]:
    """The form's values of some answers: each visit has its own order of options, so they are found by their text."""
    texts = {question.name: str(dict(question.options)[answers[question.name]]) for question in QUESTIONS}
    return {
        str(option["name"]): str(option["value"])
        for option in page.content.select("form#check input[type=radio]")
        if option.parent and option.parent.get_text(strip=True) == texts[str(option["name"])]
    }


def _states(page: Page) -> dict[str, str]:
    """State of each phrase the page shows, by its uuid."""
    return {
        str(shown["data-phrase"]): str(shown["data-state"])
        for shown in page.content.select("[data-phrase][data-state]")
    }
