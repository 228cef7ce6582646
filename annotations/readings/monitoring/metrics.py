"""Numbers for programs that watch the site: what waits, who works, how scoring went lately.

All of it is told by database, Redis and data store, so any web process gives the same answer. How requests went is
each web role's own (`annotations/request_metrics`). docs/operations.md has each number by its name.
"""

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Sum
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from annotations.models import AnnotationSession, JobState
from annotations.readings.monitoring import back_ups, queue_health
from annotations.readings.monitoring.jobs_listed import KINDS

LATELY = dt.timedelta(minutes=5)
MAX_SCORES = 1000  # newest first: so many are read, however quickly people type
MIDDLE, HIGH = "0.5", "0.95"


@dataclass(frozen=True)
class Metric:
    """A number as it is now, or a counter of what has happened. A meaning is a phrase of one line."""

    name: str
    meaning: str
    label: str = ""  # what it is told apart by, such as queue
    tally: str = ""  # the name of a counter's number in Redis

    def of(self, values: Mapping[str, float]) -> GaugeMetricFamily | CounterMetricFamily:
        """Return what Prometheus reads: a value for each value of the label, or the only one."""
        kind = CounterMetricFamily if self.tally else GaugeMetricFamily
        family = kind(self.name, self.meaning, labels=[self.label] if self.label else [])
        for label, value in values.items():
            family.add_metric([label] if self.label else [], round(value, 3))
        return family


PENDING_PHRASES = Metric("clarify_pending_phrases", "phrases that wait for their score")
OLDEST_PHRASE = Metric(
    "clarify_oldest_pending_phrases_seconds", "how long the oldest of them has waited; 0: none waits"
)
PENDING_RUNS = Metric("clarify_pending_runs", "runs that wait for retraining")
OLDEST_RUN = Metric("clarify_oldest_pending_runs_seconds", "how long the oldest of them has waited; 0: none waits")
PENDING_JOBS = Metric("clarify_pending_jobs", "jobs that no worker has taken up yet", "kind")
OLDEST_JOB = Metric(
    "clarify_oldest_pending_job_seconds", "how long the oldest of them has waited; missing: none waits", "kind"
)
WORKERS_ALIVE = Metric(
    "clarify_workers_alive", "processes that serve a queue and gave a sign of life within 60 s", "queue"
)
WORKERS_SILENT = Metric(
    "clarify_workers_silent_seconds",
    "time since the last sign of life of any process of a queue; missing: never one",
    "queue",
)
SCORED = Metric("clarify_scored_phrases", "phrases scored in the last five minutes, of the newest 1,000")
SCORE_TIME = Metric(
    "clarify_score_seconds", "of these, the time from submission to score; missing: there are none", "quantile"
)
BATCH = Metric("clarify_score_batch_phrases", "of these, how many were scored together", "quantile")
ENCODE_TIME = Metric(
    "clarify_encode_seconds",
    "of these, how long the encoder took for the batch, where a text was new to it",
    "quantile",
)
OVER_BUDGET = Metric("clarify_visits_over_budget", "visits whose browser was refused something, since it sent too much")
REFUSED = Metric("clarify_refused_over_budget", "requests that were refused for that")
BACK_UP_AGE = Metric("clarify_last_back_up_seconds", "time since the last back-up was made; missing: never one")
FREE = Metric("clarify_data_free_bytes", "what is free on the disk of DATA_ROOT")
TALLIED = (
    Metric(
        "clarify_duplicate_phrases_total", "phrases that were sent again and taken as one", tally="duplicate_phrases"
    ),
    Metric("clarify_solved_runs_total", "runs whose last layer was retrained", tally="solved_runs"),
    Metric("clarify_solver_seconds_total", "time that retraining these took", tally="solver_seconds"),
)

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


def families(now: dt.datetime, tallies: Mapping[str, float]) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    """Yield the values as they are now. tallies: what was counted in Redis, by name."""
    phrases, runs = queue_health.waiting_on_site(now)
    yield PENDING_PHRASES.of({"": phrases.n})
    yield OLDEST_PHRASE.of({"": phrases.oldest_s})
    yield PENDING_RUNS.of({"": runs.n})
    yield OLDEST_RUN.of({"": runs.oldest_s})
    yield from _jobs(now)
    workers = queue_health.workers(now)
    yield WORKERS_ALIVE.of({row.queue: row.alive for row in workers})
    yield WORKERS_SILENT.of({row.queue: row.silent_s for row in workers if row.silent_s is not None})
    yield from _scored(now)
    over = AnnotationSession.objects.filter(n_refused__gt=0).aggregate(
        n=Count("id"), refused=Sum("n_refused", default=0)
    )
    yield OVER_BUDGET.of({"": over["n"]})
    yield REFUSED.of({"": over["refused"]})
    last = back_ups.last()
    yield BACK_UP_AGE.of({"": (now - last.made_at).total_seconds()} if last else {})
    yield FREE.of({"": shutil.disk_usage(settings.DATA_ROOT).free} if settings.DATA_ROOT.exists() else {})
    yield from (metric.of({"": tallies.get(metric.tally, 0)}) for metric in TALLIED)


def _jobs(now: dt.datetime) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    due = {
        kind: model._default_manager.filter(state=JobState.PENDING).aggregate(n=Count("id"), oldest=Min("created_at"))
        for kind, model in KINDS.items()
    }
    yield PENDING_JOBS.of({kind: found["n"] for kind, found in due.items()})
    yield OLDEST_JOB.of(
        {kind: (now - found["oldest"]).total_seconds() for kind, found in due.items() if found["oldest"]}
    )


def _scored(now: dt.datetime) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    with connection.cursor() as cursor:
        quantiles = [float(MIDDLE), float(HIGH)]
        cursor.execute(_SCORED, {"most": MAX_SCORES, "since": now - LATELY, "quantiles": quantiles})
        n, *found = cursor.fetchone()
    yield SCORED.of({"": n})
    for metric, values in zip((SCORE_TIME, BATCH, ENCODE_TIME), found, strict=True):
        yield metric.of(dict(zip((MIDDLE, HIGH), map(float, values or ()), strict=False)))
