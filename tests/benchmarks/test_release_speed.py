"""`make bench`: a release of 100,000 phrases with their 300,000 events, in a process of its own: seconds and memory."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from annotations.models import AnnotationSession, Assignment, Event, Participant, Phrase, Run, Score, Span, Study
from annotations.services import releases
from tests.actors import Visit
from tests.annotations.exports.rows import add_phrase, add_run

N_PEOPLE, PHRASES_EACH = 1_000, 100
N_EVENTS = 300_000  # each phrase is submitted, scored and retrained


def _copy(row: Model, n: int, **values: str) -> None:
    """Insert n copies of a row; `values` are SQL over `i`, from 1 to n, for the columns that differ."""
    columns = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    chosen = ", ".join(values.get(name, name) for name in columns)
    table, names = row._meta.db_table, ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL session_replication_role = replica")
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {_quoted(chosen)} FROM {table}, generate_series(1, {n}) AS i"
            f" WHERE {table}.id = {row.pk} ORDER BY i"
        )


def _quoted(chosen: str) -> str:
    return ", ".join('"order"' if part.strip() == "order" else part for part in chosen.split(", "))


@pytest.fixture
def large(transactional_db: None, open_study: Study, alice: Visit) -> Study:
    """1,000 people with 100 phrases each, all scored and retrained, with 300,000 events and 100,000 spans."""
    phrase = add_phrase(alice, "large red squares with a blue rim", 0.5)
    run = add_run(phrase, 0.75)
    now = phrase.submitted_at
    span = Span.objects.create(
        session=alice.session,
        assignment=alice.assignment,
        client_uuid="00000000-0000-0000-0000-000000000000",
        opening="00000000-0000-0000-0000-000000000001",
        kind="visible",
        began_at=now,
        ended_at=now,
        received_at=now,
    )
    event = Event.objects.filter(kind="session_entered").latest("pk")
    first = {model: _last(model) for model in (Participant, AnnotationSession, Assignment, Phrase, Run)}
    visit, task = (f"{first[model]} + 1 + (i - 1) / {PHRASES_EACH}" for model in (AnnotationSession, Assignment))
    n = N_PEOPLE * PHRASES_EACH
    _restart_sequences()
    _copy(alice.participant, N_PEOPLE, pseudonym="'P' || lpad(i::text, 12, '0')")
    _copy(
        alice.session,
        N_PEOPLE,
        public_id="gen_random_uuid()",
        participant_id=f"{first[Participant]} + i",
        submission_key="'S' || lpad(i::text, 12, '0')",
    )
    _copy(alice.assignment, N_PEOPLE, public_id="gen_random_uuid()", session_id=f"{first[AnnotationSession]} + i")
    _copy(
        phrase,
        n,
        assignment_id=task,
        client_uuid="gen_random_uuid()",
        ordinal=f"1 + (i - 1) % {PHRASES_EACH}",
        text="text || ' ' || i",
    )
    _copy(run, n, public_id="gen_random_uuid()", assignment_id=task, annotation_digest="md5(i::text)")
    _copy(
        phrase.score, n, phrase_id=f"{first[Phrase]} + i", run_id=f"{first[Run]} + i", value="(i % 100) / 200.0 + 0.005"
    )
    _copy(span, n, session_id=visit, assignment_id=task, client_uuid="gen_random_uuid()")
    _copy(event, N_EVENTS, session_id=f"{first[AnnotationSession]} + 1 + (i - 1) / {N_EVENTS // N_PEOPLE}")
    assert Score.objects.count() == n + 1
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return open_study


def _last(model: type[Model]) -> int:
    return int(model._default_manager.latest("pk").pk)


def _restart_sequences() -> None:
    """Let copies continue where the rows end, so that their ids are known."""
    with connection.cursor() as cursor:
        for model in (Participant, AnnotationSession, Assignment, Phrase, Run):
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


_MEASURED = """
import resource, sys
from django.core.management import execute_from_command_line
try:
    execute_from_command_line(["manage.py", "release_study", "sprites"])
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print("cpu", round(used.ru_utime + used.ru_stime, 1), "peak", used.ru_maxrss)
"""


@pytest.mark.timeout(900)
def test_100_000_phrases_are_released(benchmark: Any, large: Study, subprocess_environment: Mapping[str, str]) -> None:
    environment = {**os.environ, **subprocess_environment, "DJANGO_SETTINGS_MODULE": "clarify_site.settings"}
    peaks = []

    def release() -> None:
        done = subprocess.run([sys.executable, "-c", _MEASURED], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        print(done.stdout)
        peaks.append(int(done.stdout.split("peak")[1]) / 1024)

    began = time.perf_counter()
    benchmark.pedantic(release, rounds=1, iterations=1)
    seconds = time.perf_counter() - began
    made = large.releases.latest("number")
    rows = {file["name"]: file["rows"] for file in made.manifest["files"]}
    assert rows["phrases.csv"] == N_PEOPLE * PHRASES_EACH + 1
    assert rows["events.jsonl"] > N_EVENTS
    peak, size = max(peaks), (made.size or 0) / 2**20
    benchmark.extra_info["note"] = f"peak {peak:.0f} MiB, a file of {size:.0f} MiB (goal: 60 s, 300 MB)"
    print(f"\n{seconds:.1f} s, peak {peak:.0f} MiB, file {size:.0f} MiB")
    releases.open_file(made).unlink()
