"""`make bench`: what each thing that a person's browser asks for costs, here and in PostgreSQL's process."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any, TypeVar

import numpy as np
import psutil
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import setup_test_environment, teardown_test_environment
from django.urls import reverse

from annotations.models import Phrase, PhraseState, Task
from annotations.phrases.level_storage import lacking
from tests.benchmarks.test_answer_speed import COUNTS
from tests.support import actors, steps
from tests.support.actors import Visit
from worker.phrases.scoring import score_missing_vocabularies
from worker.tasks.interactive import score_phrases

VISITS, SAID_BEFORE, SAID = 4, 6, 6
ROUNDS_TOGETHER, PEOPLE, EACH = 4, 10, 5
FRAGMENT = {"Clarify-Fragment": "1"}
T = TypeVar("T")


class Meter:
    """Processor time in milliseconds, by what it was spent on: this process's, and that of its PostgreSQL."""

    def __init__(self) -> None:
        self.spent: dict[str, list[tuple[float, float]]] = {}

    def measure(self, what: str, act: Callable[[], T], parts: int = 1) -> T:
        connection.ensure_connection()
        server = psutil.Process(connection.connection.info.backend_pid)
        server_before, own_before = _spent_by(server), process_time()
        done = act()
        spent = process_time() - own_before, _spent_by(server) - server_before
        self.spent.setdefault(what, []).append((1000 * spent[0] / parts, 1000 * spent[1] / parts))
        return done

    def table(self) -> list[str]:
        """Rows of Markdown, without the first time of each, which fills what is kept.

        The kernel counts the time of a process in steps of 10 ms: of PostgreSQL's only means say anything.
        """
        lines = ["", "| processor time of | the process, median | PostgreSQL, mean |", "|---|---|---|"]
        for what, times in self.spent.items():
            own, server = zip(*times[1:], strict=True)
            lines.append(f"| {what} | {np.median(own):.1f} ms | {np.mean(server):.1f} ms |")
        return lines


def _spent_by(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


@pytest.fixture
def plain_templates() -> Iterator[None]:
    """Pages are rendered as in production: tests otherwise note what each template was given."""
    teardown_test_environment()
    hosts, settings.ALLOWED_HOSTS = settings.ALLOWED_HOSTS, ["testserver"]
    yield
    settings.ALLOWED_HOSTS = hosts
    setup_test_environment()


@pytest.mark.timeout(600)
@pytest.mark.benchmark(group="what a person's browser asks for")
def test_unit_costs(
    benchmark: Any, transactional_db: None, plain_templates: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "DATA_ROOT", tmp_path)
    monkeypatch.setattr(settings, "PHRASES_PER_MINUTE", 10_000)
    base_model = actors.store_base_model(actors.store_dataset(actors.write_sprites(tmp_path, counts=COUNTS)))
    study = actors.open_study(actors.create_study(base_model))
    Task.objects.update(max_phrases=200, time_limit_s=7200)
    while lacking():
        score_missing_vocabularies()
    meter = Meter()

    def one_after_the_other() -> None:
        for number in range(VISITS):
            visit = actors.start_visit(study, f"person{number}")
            steps.submit_and_score(visit, *(f"red {number} {i}" for i in range(SAID_BEFORE)))
            for i in range(SAID):
                _say(meter, visit, f"blue {number} {i}")

    def together() -> None:
        for number in range(ROUNDS_TOGETHER):
            for person in range(PEOPLE):
                visit = actors.start_visit(study, f"together{number}x{person}")
                for i in range(EACH):
                    steps.submit(visit, f"dark {number} {person} {i}")
            meter.measure(f"scoring {PEOPLE * EACH} together, for each", score_phrases, PEOPLE * EACH)

    def all_of_it() -> None:
        one_after_the_other()
        together()

    benchmark.pedantic(all_of_it, rounds=1, iterations=1)
    assert not Phrase.objects.exclude(state=PhraseState.SCORED).exists()
    benchmark.extra_info["table"] = meter.table()


def _say(meter: Meter, visit: Visit, text: str) -> None:
    """Submit a phrase and do what the page does until its score and pictures are there."""
    client, said, assignment = visit.client, str(uuid.uuid4()), str(visit.assignment.public_id)
    fields = {"client_uuid": said, "text": text, "right": "0", "wrong": "0"}
    address = reverse("phrase", args=[assignment, said]) + "?right=0&wrong=0"
    ago = {"began_ago_ms": 20, "ended_ago_ms": 10, "assignment": assignment, "kind": "visible"}
    opening = str(uuid.uuid4())
    spans = json.dumps([{"uuid": str(uuid.uuid4()), "opening": opening, **ago} for _ in range(2)])

    def ask() -> Any:
        return client.get(address, headers=FRAGMENT)

    meter.measure("a view that does nothing", lambda: client.get(reverse("livez")))
    answer = meter.measure(
        "POST of a phrase, with the answer that it waits",
        lambda: client.post(reverse("submit_phrase", args=[assignment]), fields, headers=FRAGMENT),
    )
    assert answer.status_code == 200, answer.content
    assert meter.measure("a look while it waits", ask).status_code == 204
    meter.measure("scoring one phrase (without the encoder)", score_phrases)
    meter.measure("a message that finds nothing due", score_phrases)
    answer = meter.measure("the answer with its score", ask)
    assert b'data-state="scored"' in answer.content
    picture = answer.content.decode().split('<img src="')[1].split('"')[0]
    assert meter.measure("a picture", lambda: client.get(picture)).status_code == 200
    told = meter.measure("a report of time", lambda: client.post(reverse("report_spans"), {"spans": spans}))
    assert told.status_code == 204, told.content
    meter.measure("the task's page", lambda: client.get(reverse("task", args=[assignment])))
