"""People who say one thing after the other and insist on an answer, and what they were told.

Like the page's script, a person sends a phrase again, under the same client uuid, until the site answers. Import it
once Django is set up.
"""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import httpx2

from annotations.simulation.crowd import Link
from annotations.simulation.page_browser import Browser, Page, UnexpectedPage
from annotations.simulation.personas import GOOD, POOR, Persona
from tests.support.at_a_task import come_to_task, send

NO_ANSWER = 0  # instead of a status: the connection was refused, broke, or stayed silent
AGAIN_AFTER_S = 1.0  # the page's script waits three seconds
ANSWER_WITHIN_S = 30.0
MAX_LATE_TRIES = 60  # to get an answer to the last phrase, once it is over
MAX_TRIES = 40  # at a page, before somebody gives up and comes again as somebody else

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Post:
    """One POST of a phrase: the answer's status or NO_ANSWER, when it began by the monotonic clock, seconds it took."""

    status: int
    began: float
    seconds: float


@dataclass
class Receipts:
    """What people sent and what they were told, for all threads.

    sent: client uuids; acknowledged: these with the monotonic time of the answer; posts: every POST of a phrase, in the
    order in which they ended.
    """

    sent: set[uuid.UUID] = field(default_factory=set)
    acknowledged: dict[uuid.UUID, float] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, phrase: uuid.UUID, post: Post) -> None:
        """Note one POST of a phrase."""
        with self._lock:
            self.sent.add(phrase)
            self.posts.append(post)
            if post.status == httpx2.codes.OK:
                self.acknowledged[phrase] = post.began + post.seconds

    def answers(self) -> Counter[int]:
        """How many POSTs had which status."""
        return Counter(post.status for post in list(self.posts))

    def told_since(self, moment: float, most: int = 200) -> list[uuid.UUID]:
        """The first phrases that were acknowledged after a monotonic time."""
        with self._lock:
            return [phrase for phrase, at in self.acknowledged.items() if at >= moment][:most]


@dataclass(frozen=True)
class Crowd:
    """Where people come, by which link, and how they go about it.

    phrases_each: how much somebody says before being done with the task and coming again as somebody else; pause_s:
    from one phrase of a person to the next, on average; over: from then on nobody begins anything.
    """

    base_url: str
    study_path: str
    link: Link
    phrases_each: int
    pause_s: float
    receipts: Receipts = field(default_factory=Receipts)
    over: threading.Event = field(default_factory=threading.Event)


class Person(threading.Thread):
    """One who comes again and again, as somebody else each time, until it is over."""

    def __init__(self, crowd: Crowd, number: int, seed: int) -> None:
        super().__init__(name=f"person-{number}", daemon=True)
        self._crowd = crowd
        self._number = number
        self._rng = random.Random(f"{seed}/{number}")
        self._n_visits = 0
        self.has_come = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            while not self._crowd.over.is_set():
                self._visit()
        except Exception as error:  # told by whoever waits for this thread
            self.error = error
            self.has_come.set()

    def _visit(self) -> None:
        self._n_visits += 1
        persona = Persona(f"{self._number}-{self._n_visits}", ())
        query = self._crowd.link(self._number, persona)
        with Browser(self._crowd.base_url, timeout_s=ANSWER_WITHIN_S) as browser:
            page = self._insist(lambda: come_to_task(browser, self._crowd.study_path, query))
            if page is None:  # it is over, or a clock ended this visit
                return
            self.has_come.set()
            self._crowd.over.wait(self._rng.uniform(0, self._crowd.pause_s))
            for ordinal in range(self._crowd.phrases_each):
                if self._crowd.over.is_set():
                    return
                if not self._say(browser, page, ordinal):
                    return
                self._crowd.over.wait(self._crowd.pause_s * self._rng.uniform(0.5, 1.5))
            self._insist(lambda: browser.submit(browser.open(str(page.url)), "done", {"sure": "yes"}))

    def _insist(self, step: Callable[[], Answer]) -> Answer | None:
        """Take a step until the site answers as it should; None where it is over first, or it never does."""
        for _ in range(MAX_TRIES):
            if self._crowd.over.is_set():
                break
            try:
                return step()
            except (UnexpectedPage, httpx2.HTTPError):
                self._crowd.over.wait(AGAIN_AFTER_S)
        return None

    def _say(self, browser: Browser, page: Page, ordinal: int) -> bool:
        """Send one phrase until the site has answered, also where it is over meanwhile; a refusal is an answer.

        Returns whether the task goes on: a clock that jumps ends it. Nobody says the same twice: the second time would
        be answered by the first phrase, and store nothing.
        """
        phrase = uuid.uuid4()
        text = f"{self._rng.choice(GOOD + POOR)} number {ordinal}"
        tries_left = MAX_LATE_TRIES
        while tries_left:
            began = time.monotonic()
            try:
                status = send(browser, page, "phrase", {"client_uuid": str(phrase), "text": text})
            except httpx2.HTTPError:
                status = NO_ANSWER
            self._crowd.receipts.note(phrase, Post(status, began, time.monotonic() - began))
            if status != NO_ANSWER and status < httpx2.codes.INTERNAL_SERVER_ERROR:
                return status < httpx2.codes.BAD_REQUEST or status == httpx2.codes.TOO_MANY_REQUESTS
            tries_left -= self._crowd.over.is_set()
            time.sleep(AGAIN_AFTER_S)
        return False
