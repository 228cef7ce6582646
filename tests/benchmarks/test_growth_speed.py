"""`make bench`: what pages and ticks take as a study's phrases, or a site's studies, grow."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from time import process_time
from typing import Any

import psutil
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from annotations.models import Study, Task
from annotations.monitoring import alarms
from annotations.site.study_registry import PAGES
from tests.benchmarks.many_visits import plant
from tests.support import actors

PHRASES_EACH, VISITS, STUDIES = 100, (10, 100, 1_000), (10, 100, 1_000)
TOKEN = "a token of twenty characters"
SHOWN = ("monitor", "moderation", "payments", "reconciliation", "results", "concepts")
_PATHS = {page.name: page for page in PAGES}


def _of_a_study(client: Client, study: Study) -> dict[str, Callable[[], int]]:
    speaker = actors.start_visit(study, "bob")
    Task.objects.update(max_phrases=200, time_limit_s=7200)
    address = reverse("submit_phrase", args=[speaker.assignment.public_id])

    def submit() -> int:
        fields = {"client_uuid": str(uuid.uuid4()), "text": f"red number {uuid.uuid4().int % 100_000}"}
        return speaker.client.post(address, fields, headers={"Clarify-Fragment": "1"}).status_code

    def show(url: str) -> Callable[[], int]:
        return lambda: client.get(url).status_code

    overview = reverse("admin:annotations_study_change", args=[study.pk])
    pages = {name: show(_PATHS[name].url(study)) for name in SHOWN}
    return {"submit a phrase": submit, "overview": show(overview), **pages}


def _of_the_site(client: Client) -> dict[str, Callable[[], int]]:
    def watch() -> int:
        alarms.watch(datetime.now(UTC))
        return 200

    def show(name: str) -> Callable[[], int]:
        return lambda: client.get(reverse(name), headers={"Authorization": f"Bearer {TOKEN}"}).status_code

    return {
        "list of studies": show("admin:annotations_study_changelist"),
        "metrics": show("metrics"),
        "watch for alarms": watch,
    }


def _copies_of(study: Study, n: int) -> None:
    """Open studies beside it, each with its task, condition and configuration; nobody came to them."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in (Study, Task):
            table = model._meta.db_table
            columns = [str(field.column) for field in model._meta.concrete_fields]
            own = {"id": f"{table}.id + i * 1000", "study_id": f"{study.pk} + i * 1000", "slug": "slug || i"}
            values = ", ".join(own.get(name, f'"{name}"') for name in columns)
            names, key = ", ".join(f'"{name}"' for name in columns), "id" if model is Study else "study_id"
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series(1, %s) AS i"
                f" WHERE {table}.{key} = %s",
                [n, study.pk],
            )
        cursor.execute("ANALYZE")


def _measured(benchmark: Any, acts: dict[str, Callable[[], int]], what: str) -> None:
    """Time all acts in one round, and note the processor time of each, and that of its PostgreSQL."""
    told = []
    server = psutil.Process(connection.connection.info.backend_pid)
    for name, act in acts.items():
        assert act() == 200, name  # the first asks for what is cached
        since, before = process_time(), sum(server.cpu_times()[:2])
        assert act() == 200, name
        own, theirs = process_time() - since, sum(server.cpu_times()[:2]) - before
        told.append(f"{name} {own * 1000:.0f} + {theirs * 1000:.0f} ms")
    benchmark.pedantic(lambda: [act() for act in acts.values()], rounds=3, iterations=1)
    benchmark.extra_info["note"] = f"{what}: {'; '.join(told)}"
    print("\n" + benchmark.extra_info["note"])


@pytest.mark.timeout(1800)
@pytest.mark.benchmark(group="pages as the phrases of a study grow")
@pytest.mark.parametrize("n_visits", VISITS)
def test_all_pages(
    benchmark: Any, transactional_db: None, draft_study: Study, coordinator_client: Client, n_visits: int
) -> None:
    study = plant(draft_study, n_visits, PHRASES_EACH)
    benchmark.extra_info["baseline"] = n_visits == VISITS[0]
    _measured(benchmark, _of_a_study(coordinator_client, study), f"{n_visits * PHRASES_EACH:,} phrases")


@pytest.mark.timeout(600)
@pytest.mark.benchmark(group="pages as the studies of a site grow")
@pytest.mark.parametrize("n_studies", STUDIES)
def test_the_site(
    benchmark: Any,
    transactional_db: None,
    open_study: Study,
    coordinator_client: Client,
    settings: Any,
    n_studies: int,
) -> None:
    settings.METRICS_TOKEN = TOKEN
    _copies_of(open_study, n_studies - 1)
    assert Study.objects.count() == n_studies
    benchmark.extra_info["baseline"] = n_studies == STUDIES[0]
    _measured(benchmark, _of_the_site(coordinator_client), f"{n_studies:,} studies")
