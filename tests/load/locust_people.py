"""People for locust: who speak every ten seconds, as fast as answers come, and who ask for a view that does nothing.

`python -m locust -f tests/load/locust_people.py Speaker`. LOAD_STUDY is the path of the study, LOAD_RUN sets its
people apart from those of an earlier run.
"""

import itertools
import os
import random
import time
import uuid
from collections.abc import Mapping
from itertools import accumulate
from operator import mul

import django
import gevent
import httpx2
from gevent.event import Event
from locust import FastHttpUser, constant, task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarify_site.settings")
django.setup()

from annotations.simulation.crowd import as_participants  # noqa: E402 - Django comes first
from annotations.simulation.page_browser import Browser, Page, UnexpectedPage  # noqa: E402
from annotations.simulation.personas import GOOD, POOR, Persona  # noqa: E402
from tests.support.at_a_task import come_to_task, prepared  # noqa: E402

PAUSE_S, LOOKS = 10.0, 25
gevent.get_hub().loop.update_now()  # it kept the time from before all that was imported, and would end the run at once
_numbers, _arrivals = itertools.count(), itertools.count(1)
_all_are_here = Event()


class _Counted(FastHttpUser):
    """Somebody who begins once all have come: what is timed is what they do then, for LOAD_SECONDS."""

    abstract = True
    connection_timeout = network_timeout = 60.0

    def on_start(self) -> None:
        self._come()
        if next(_arrivals) == int(os.environ["LOAD_PEOPLE"]):
            self.environment.stats.reset_all()
            gevent.spawn_later(float(os.environ["LOAD_SECONDS"]), self.environment.runner.quit)
            _all_are_here.set()
        _all_are_here.wait()

    def _come(self) -> None:
        """Do what comes before."""


class _Person(_Counted):
    """One who comes to the task as people do; what locust times is the phrases alone."""

    abstract = True

    visits = 1  # that one browser has open; each is at its own page

    def _come(self) -> None:
        link = as_participants(("PROLIFIC_PID", "STUDY_ID", "SESSION_ID"), run=os.environ["LOAD_RUN"])
        self._pages: list[tuple[str, dict[str, str], dict[str, str]]] = []
        for number in itertools.islice(_numbers, self.visits):
            query = link(number, Persona(str(number), ()))
            with Browser(str(self.host), timeout_s=60) as browser:
                self._pages.append(prepared(browser, _task(browser, query), "phrase"))
        self._left = self.visits * int(os.environ["LOAD_PHRASES"])

    @task
    def speak(self) -> None:
        if not self._left:
            self._come()
        self._left -= 1
        address, fields, headers = self._pages[self._left % self.visits]
        said, headers = str(uuid.uuid4()), {**headers, "Clarify-Fragment": "1"}
        text = f"{random.choice(GOOD + POOR)} number {uuid.uuid4().int % 100_000}"
        fields = {**fields, "client_uuid": said, "text": text}
        self.client.post(address, data=fields, headers=headers, name="phrase", allow_redirects=False)
        self._look(f"{address}/{said}?right=0&wrong=0", headers)

    def _look(self, address: str, headers: dict[str, str]) -> None:
        """Look at the answer."""


def _task(browser: Browser, query: Mapping[str, str]) -> Page:
    """The page of a task, for somebody who comes again while the site has no time for them."""
    while True:
        try:
            return come_to_task(browser, os.environ["LOAD_STUDY"], query)
        except (UnexpectedPage, httpx2.HTTPError):  # else all would wait for one who never comes
            gevent.sleep(1.0)


class Speaker(_Person):
    """Somebody who submits a phrase every ten seconds, in a rhythm of their own, and asks for its score as pages do."""

    def wait_time(self) -> float:
        """Until the next ten seconds are over; locust's constant_pacing has the first two phrases at once."""
        self._due_at += PAUSE_S
        return max(0.0, self._due_at - time.monotonic())

    def _look(self, address: str, headers: dict[str, str]) -> None:
        for wait in accumulate(itertools.repeat(1.25, LOOKS), mul, initial=0.04):
            gevent.sleep(min(wait, 3.0))
            if self.client.get(address, headers=headers, name="look", allow_redirects=False).status_code != 204:
                return

    def on_start(self) -> None:
        super().on_start()
        gevent.sleep(random.uniform(0, PAUSE_S))  # else all would speak in the same moment, every ten seconds
        self._due_at = time.monotonic()


class Saturating(_Person):
    """Somebody who submits the next phrase at once, in turn on many pages, so that each has as many as people say."""

    wait_time = constant(0)
    visits = 12


class Nothing(_Counted):
    """Somebody who asks for a view that does nothing, through the same proxy and the same middleware."""

    wait_time = constant(0)

    @task
    def ask(self) -> None:
        self.client.get("/livez", name="livez")
