"""Numbers for programs that watch the site: what waits, who works, how scoring went lately.

All of it is told by database, Redis and data store, so any web process gives the same answer. How requests went is
each web role's own (`annotations/pages/request_metrics`). docs/operators/operations.md has each number by its name.
"""

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from importlib.resources import files

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Sum
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from annotations.backups import last_backup as back_ups
from annotations.base.word_files import read_words
from annotations.log.unkept_withdrawals import n_unkept
from annotations.models import AnnotationSession, JobState
from annotations.monitoring import queue_health
from annotations.monitoring.listed_jobs import KINDS

LATELY = dt.timedelta(minutes=5)
MAX_SCORES = 1000  # newest first: so many are read, however quickly people type
MIDDLE, HIGH = "0.5", "0.95"
TALLIED = ("duplicate_phrases", "solved_runs", "solver_seconds")  # what Redis counts, by its name there
_MEANINGS: dict[str, str] = read_words(__package__, "metrics")
_SCORED = files(__package__).joinpath("scored_phrases.sql").read_text("utf-8")


def families(now: dt.datetime, tallies: Mapping[str, float]) -> Iterator[Metric]:
    """Yield the values as they are now. tallies: what was counted in Redis, by name."""
    phrases, runs = queue_health.waiting(now)
    yield _gauge("pending_phrases", phrases.n)
    yield _gauge("oldest_pending_phrases_seconds", phrases.oldest_s)
    yield _gauge("pending_runs", runs.n)
    yield _gauge("oldest_pending_runs_seconds", runs.oldest_s)
    yield from _jobs(now)
    yield from _workers(now)
    yield from _scored(now)
    over = AnnotationSession.objects.filter(n_refused__gt=0).aggregate(
        n=Count("id"), refused=Sum("n_refused", default=0)
    )
    yield _gauge("visits_over_budget", over["n"])
    yield _gauge("refused_over_budget", over["refused"])
    last = back_ups.last()
    yield _gauge("last_back_up_seconds", None if last is None else (now - last.made_at).total_seconds())
    yield _gauge("unkept_withdrawals", n_unkept())
    free = shutil.disk_usage(settings.DATA_ROOT).free if settings.DATA_ROOT.exists() else None
    yield _gauge("data_free_bytes", free)
    for name in TALLIED:
        yield CounterMetricFamily(f"clarify_{name}", _MEANINGS[name], round(tallies.get(name, 0), 3))


def _gauge(name: str, value: float | None) -> Metric:
    """A number as it is now; None: there is none."""
    return _gauges(name, "", {} if value is None else {"": value})


def _gauges(name: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"clarify_{name}", _MEANINGS[name], labels=[label] if label else [])
    for each, value in values.items():
        family.add_metric([each] if label else [], round(value, 3))
    return family


def _jobs(now: dt.datetime) -> Iterator[Metric]:
    due = {
        kind: model._default_manager.filter(state=JobState.PENDING).aggregate(n=Count("id"), oldest=Min("created_at"))
        for kind, model in KINDS.items()
    }
    waited = {kind: (now - found["oldest"]).total_seconds() for kind, found in due.items() if found["oldest"]}
    yield _gauges("pending_jobs", "kind", {kind: found["n"] for kind, found in due.items()})
    yield _gauges("oldest_pending_job_seconds", "kind", waited)


def _workers(now: dt.datetime) -> Iterator[Metric]:
    workers = queue_health.workers(now)
    yield _gauges("workers_alive", "queue", {row.queue: row.alive for row in workers})
    silent = {row.queue: row.silent_s for row in workers if row.silent_s is not None}
    yield _gauges("workers_silent_seconds", "queue", silent)


def _scored(now: dt.datetime) -> Iterator[Metric]:
    with connection.cursor() as cursor:
        quantiles = [float(MIDDLE), float(HIGH)]
        cursor.execute(_SCORED, {"most": MAX_SCORES, "since": now - LATELY, "quantiles": quantiles})
        n, *found = cursor.fetchone()
    yield _gauge("scored_phrases", n)
    for name, values in zip(("score_seconds", "score_batch_phrases", "encode_seconds"), found, strict=True):
        yield _gauges(name, "quantile", dict(zip((MIDDLE, HIGH), map(float, values or ()), strict=False)))
