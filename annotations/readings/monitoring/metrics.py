"""Numbers for programs that watch the site: what waits, who works, how scoring went lately.

All of it is told by database, Redis and data store, so any web process gives the same answer. How requests went is
each web role's own (`annotations/request_metrics`). docs/operations.md has each number by its name.
"""

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Sum
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from annotations.models import AnnotationSession, JobState
from annotations.readings.monitoring import back_ups, queue_health
from annotations.readings.monitoring.jobs_listed import KINDS

LATELY = dt.timedelta(minutes=5)
MAX_SCORES = 1000  # newest first: so many are read, however quickly people type
MIDDLE, HIGH = "0.5", "0.95"
TALLIED = {  # what Redis counts, by its name there
    "duplicate_phrases": ("clarify_duplicate_phrases", "phrases that were sent again and taken as one"),
    "solved_runs": ("clarify_solved_runs", "runs whose last layer was retrained"),
    "solver_seconds": ("clarify_solver_seconds", "time that retraining these took"),
}

# A batch is stored at one moment, and its phrases share the encoder's time.
_SCORED = """
WITH newest AS (
    SELECT score.scored_at, score.encode_ms, score.scored_at - phrase.submitted_at AS waited
    FROM (SELECT * FROM annotations_score ORDER BY id DESC LIMIT %(most)s) score
    JOIN annotations_phrase phrase ON phrase.id = score.phrase_id
    WHERE score.scored_at > %(since)s
), batch AS (
    SELECT count(*) AS n, max(encode_ms) AS encode_ms FROM newest GROUP BY scored_at
)
SELECT
    (SELECT count(*) FROM newest),
    (SELECT percentile_cont(%(quantiles)s) WITHIN GROUP (ORDER BY extract(epoch FROM waited)) FROM newest),
    (SELECT percentile_cont(%(quantiles)s) WITHIN GROUP (ORDER BY n) FROM batch),
    (SELECT percentile_cont(%(quantiles)s) WITHIN GROUP (ORDER BY encode_ms / 1000) FROM batch WHERE encode_ms > 0)
"""


def families(now: dt.datetime, tallies: Mapping[str, float]) -> Iterator[Metric]:
    """Yield the values as they are now. tallies: what was counted in Redis, by name."""
    phrases, runs = queue_health.waiting_on_site(now)
    yield _gauge("pending_phrases", "phrases that wait for their score", phrases.n)
    yield _gauge(
        "oldest_pending_phrases_seconds", "how long the oldest of them has waited; 0: none waits", phrases.oldest_s
    )
    yield _gauge("pending_runs", "runs that wait for retraining", runs.n)
    yield _gauge("oldest_pending_runs_seconds", "how long the oldest of them has waited; 0: none waits", runs.oldest_s)
    yield from _jobs(now)
    yield from _workers(now)
    yield from _scored(now)
    over = AnnotationSession.objects.filter(n_refused__gt=0).aggregate(
        n=Count("id"), refused=Sum("n_refused", default=0)
    )
    yield _gauge("visits_over_budget", "visits whose browser was refused something, since it sent too much", over["n"])
    yield _gauge("refused_over_budget", "requests that were refused for that", over["refused"])
    last = back_ups.last()
    age = None if last is None else (now - last.made_at).total_seconds()
    yield _gauge("last_back_up_seconds", "time since the last back-up was made; missing: never one", age)
    free = shutil.disk_usage(settings.DATA_ROOT).free if settings.DATA_ROOT.exists() else None
    yield _gauge("data_free_bytes", "what is free on the disk of DATA_ROOT", free)
    for tally, (name, meaning) in TALLIED.items():
        yield CounterMetricFamily(name, meaning, round(tallies.get(tally, 0), 3))


def _gauge(name: str, meaning: str, value: float | None) -> Metric:
    """A number as it is now; None: there is none."""
    return _gauges(name, meaning, "", {} if value is None else {"": value})


def _gauges(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"clarify_{name}", meaning, labels=[label] if label else [])
    for each, value in values.items():
        family.add_metric([each] if label else [], round(value, 3))
    return family


def _jobs(now: dt.datetime) -> Iterator[Metric]:
    due = {
        kind: model._default_manager.filter(state=JobState.PENDING).aggregate(n=Count("id"), oldest=Min("created_at"))
        for kind, model in KINDS.items()
    }
    waited = {kind: (now - found["oldest"]).total_seconds() for kind, found in due.items() if found["oldest"]}
    counts = {kind: found["n"] for kind, found in due.items()}
    yield _gauges("pending_jobs", "jobs that no worker has taken up yet", "kind", counts)
    meaning = "how long the oldest of them has waited; missing: none waits"
    yield _gauges("oldest_pending_job_seconds", meaning, "kind", waited)


def _workers(now: dt.datetime) -> Iterator[Metric]:
    workers = queue_health.workers(now)
    meaning = "processes that serve a queue and gave a sign of life within 60 s"
    yield _gauges("workers_alive", meaning, "queue", {row.queue: row.alive for row in workers})
    silent = {row.queue: row.silent_s for row in workers if row.silent_s is not None}
    meaning = "time since the last sign of life of any process of a queue; missing: never one"
    yield _gauges("workers_silent_seconds", meaning, "queue", silent)


def _scored(now: dt.datetime) -> Iterator[Metric]:
    with connection.cursor() as cursor:
        quantiles = [float(MIDDLE), float(HIGH)]
        cursor.execute(_SCORED, {"most": MAX_SCORES, "since": now - LATELY, "quantiles": quantiles})
        n, *found = cursor.fetchone()
    yield _gauge("scored_phrases", "phrases scored in the last five minutes, of the newest 1,000", n)
    told = {
        "score_seconds": "of these, the time from submission to score; missing: there are none",
        "score_batch_phrases": "of these, how many were scored together",
        "encode_seconds": "of these, how long the encoder took for the batch, where a text was new to it",
    }
    for (name, meaning), values in zip(told.items(), found, strict=True):
        yield _gauges(name, meaning, "quantile", dict(zip((MIDDLE, HIGH), map(float, values or ()), strict=False)))
