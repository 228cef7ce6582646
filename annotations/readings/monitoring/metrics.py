"""Numbers for programs that watch the site: what waits, who works, how scoring went lately.

All of it is told by the database, so any web process gives the same answer. docs/operations.md has each by its name.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Sum

from annotations.models import AnnotationSession
from annotations.readings.monitoring import queue_health

LATELY = dt.timedelta(minutes=5)
MAX_SCORES = 1000  # newest first: so many are read, however quickly people type
MIDDLE, HIGH = "0.5", "0.95"


@dataclass(frozen=True)
class Metric:
    """Every one is a gauge: a number as it is now. A meaning is a phrase of one line."""

    name: str
    meaning: str


PENDING_PHRASES = Metric("clarify_pending_phrases", "phrases that wait for their score")
OLDEST_PHRASE = Metric(
    "clarify_oldest_pending_phrases_seconds", "how long the oldest of them has waited; 0: none waits"
)
PENDING_RUNS = Metric("clarify_pending_runs", "runs that wait for retraining")
OLDEST_RUN = Metric("clarify_oldest_pending_runs_seconds", "how long the oldest of them has waited; 0: none waits")
WORKERS_ALIVE = Metric("clarify_workers_alive", "processes that serve a queue and gave a sign of life within 60 s")
WORKERS_SILENT = Metric(
    "clarify_workers_silent_seconds", "time since the last sign of life of any process of a queue; missing: never one"
)
SCORED = Metric("clarify_scored_phrases", "phrases scored in the last five minutes, of the newest 1,000")
SCORE_TIME = Metric("clarify_score_seconds", "of these, the time from submission to score; missing: there are none")
BATCH = Metric("clarify_score_batch_phrases", "of these, how many were scored together")
ENCODE_TIME = Metric(
    "clarify_encode_seconds", "of these, how long the encoder took for the batch, where a text was new to it"
)
OVER_BUDGET = Metric("clarify_visits_over_budget", "visits whose browser was refused something, since it sent too much")
REFUSED = Metric("clarify_refused_over_budget", "requests that were refused for that")

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


@dataclass(frozen=True)
class Sample:
    """A metric's value, of one queue or of one quantile where it has several."""

    metric: Metric
    value: float
    label: str = ""  # such as queue="embed"


def samples(now: dt.datetime) -> Iterator[Sample]:
    """Yield the values as they are now, those of a metric one after the other."""
    phrases, runs = queue_health.waiting_on_site(now)
    yield Sample(PENDING_PHRASES, phrases.n)
    yield Sample(OLDEST_PHRASE, phrases.oldest_s)
    yield Sample(PENDING_RUNS, runs.n)
    yield Sample(OLDEST_RUN, runs.oldest_s)
    workers = queue_health.workers(now)
    yield from (Sample(WORKERS_ALIVE, row.alive, f'queue="{row.queue}"') for row in workers)
    for row in workers:
        if row.silent_s is not None:
            yield Sample(WORKERS_SILENT, row.silent_s, f'queue="{row.queue}"')
    yield from _scored(now)
    over = AnnotationSession.objects.filter(n_refused__gt=0).aggregate(
        n=Count("id"), refused=Sum("n_refused", default=0)
    )
    yield Sample(OVER_BUDGET, over["n"])
    yield Sample(REFUSED, over["refused"])


def _scored(now: dt.datetime) -> Iterator[Sample]:
    with connection.cursor() as cursor:
        quantiles = [float(MIDDLE), float(HIGH)]
        cursor.execute(_SCORED, {"most": MAX_SCORES, "since": now - LATELY, "quantiles": quantiles})
        n, *found = cursor.fetchone()
    yield Sample(SCORED, n)
    for metric, values in zip((SCORE_TIME, BATCH, ENCODE_TIME), found, strict=True):
        for quantile, value in zip((MIDDLE, HIGH), values or (), strict=False):
            yield Sample(metric, float(value), f'quantile="{quantile}"')
