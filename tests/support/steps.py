"""Steps that many tests take, by the services that pages call."""

import datetime as dt
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

from django.db import connections

from annotations.models import Assignment, EndReason, Phrase
from annotations.phrases import assignments, phrase_submission
from annotations.queue import worker_wakeup
from tests.support.actors import Visit
from worker.phrases.scoring import score_due_phrases


def submit(visit: Visit, text: str = "red") -> Phrase:
    """A new phrase in the visit's running assignment, not scored yet."""
    phrase, _ = phrase_submission.submit(visit.assignment, client_uuid=uuid.uuid4(), text=text)
    return phrase


def submit_and_score(visit: Visit, *texts: str) -> list[Phrase]:
    """New phrases, scored by a worker's batch in this process."""
    submitted = [submit(visit, text) for text in texts]
    score_due_phrases()
    for phrase in submitted:
        phrase.refresh_from_db()
    return submitted


def end(visit: Visit) -> Assignment:
    """The visit's running assignment, done and with its runs planned."""
    return assignments.end(visit.assignment, EndReason.DONE)


def move_clock(assignment: Assignment, seconds: float) -> None:
    """Let an assignment have begun earlier: as if `seconds` had gone by since."""
    by = dt.timedelta(seconds=seconds)
    for name in ("started_at", "first_deadline_at", "deadline_at"):
        setattr(assignment, name, getattr(assignment, name) - by)
    assignment.save()


@contextmanager
def workers(*turns: Callable[[], object]) -> Iterator[None]:
    """Take turns as workers do: each kind in a thread of its own, when a message says so, and now and then."""
    over, told = threading.Event(), [threading.Event() for _ in turns]
    send = worker_wakeup.send

    def tell(task_name: str) -> None:
        send(task_name)
        for each in told:
            each.set()

    def work(turn: Callable[[], object], is_told: threading.Event) -> None:
        while not over.is_set():
            is_told.clear()
            turn()
            is_told.wait(0.3)
        connections.close_all()

    threads = [threading.Thread(target=work, args=pair) for pair in zip(turns, told, strict=True)]
    with mock.patch.object(worker_wakeup, "send", tell):
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for each in told:
                each.set()
            for thread in threads:
                thread.join()
