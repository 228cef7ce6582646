"""How the work behind the pages keeps up: what waits, who works, how quickly phrases get their scores."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.db.models.functions import TruncMinute

from annotations.models import Phrase, PhraseState, Run, RunState, Score, Study, WorkerHeartbeat

ALIVE_WITHIN = dt.timedelta(seconds=60)
HOUR = dt.timedelta(hours=1)
SCORED_WITHIN = dt.timedelta(seconds=1)  # of being submitted
OBJECTIVE = 0.99  # share of phrases scored within SCORED_WITHIN


@dataclass(frozen=True)
class Waiting:
    """What is due and not done. `oldest_s` is 0 where nothing waits."""

    what: str
    n: int
    oldest_s: float


@dataclass(frozen=True)
class Workers:
    """The processes that serve one queue. `silent_s`: since the last beat of any; None where none ever was."""

    queue: str
    alive: int
    silent_s: float | None


@dataclass(frozen=True)
class Budget:
    """Phrases of the last hour against the objective. `left`: the share of the misses that it allows, negative beyond.

    A phrase misses that was scored later than within a second, failed, or has waited for longer.
    """

    phrases: int
    good: int
    failed: int
    objective: float = OBJECTIVE

    @property
    def share(self) -> float | None:
        return self.good / self.phrases if self.phrases else None

    @property
    def left(self) -> float:
        allowed = (1 - self.objective) * self.phrases
        return 1 - (self.phrases - self.good) / allowed if self.phrases else 1.0


def waiting(now: dt.datetime, study: Study | None = None) -> tuple[Waiting, Waiting]:
    """Return the phrases that wait for a score, and the runs that wait for retraining, of one study or of all."""
    of = {} if study is None else {"assignment__session__in": study.sessions.counted()}
    phrases = Phrase.objects.filter(state=PhraseState.PENDING, **of)
    runs = Run.objects.filter(state=RunState.PENDING, **of)
    return _waiting("phrases", phrases, "submitted_at", now), _waiting("runs", runs, "created_at", now)


def phrases_waiting(now: dt.datetime) -> dict[int, Waiting]:
    """Return the phrases that wait for a score in each study where some do, by its number."""
    pending = (
        Phrase.objects.counted().filter(state=PhraseState.PENDING).order_by().values_list("assignment__session__study")
    )
    rows = pending.annotate(n=Count("id"), oldest=Min("submitted_at"))
    return {study: _since("phrases", n, oldest, now) for study, n, oldest in rows}


def last_score_at() -> dt.datetime | None:
    """When any worker last stored a score, on the whole site."""
    at: dt.datetime | None = Score.objects.aggregate(at=Max("scored_at"))["at"]
    return at


def workers(now: dt.datetime) -> list[Workers]:
    """Return who serves each queue that a task is sent to."""
    counted = (
        WorkerHeartbeat.objects.order_by()
        .values("queue")
        .annotate(last=Max("heartbeat_at"), alive=Count("id", filter=Q(heartbeat_at__gte=now - ALIVE_WITHIN)))
    )
    rows = {row["queue"]: row for row in counted}
    return [
        Workers(queue, rows[queue]["alive"], (now - rows[queue]["last"]).total_seconds())
        if queue in rows
        else Workers(queue, 0, None)
        for queue in sorted({route["queue"] for route in settings.CELERY_TASK_ROUTES.values()})
    ]


def budget(study: Study, now: dt.datetime) -> Budget:
    """Return how a study's phrases of the last hour met the objective; those too young to miss are left out."""
    due = (
        _counted(study)
        .filter(submitted_at__range=(now - HOUR, now))
        .exclude(state=PhraseState.PENDING, submitted_at__gt=now - SCORED_WITHIN)
    )
    in_time = Q(score__scored_at__lte=F("submitted_at") + SCORED_WITHIN)
    counted = due.aggregate(
        phrases=Count("id"),
        good=Count("id", filter=in_time),
        failed=Count("id", filter=Q(state=PhraseState.FAILED)),
    )
    return Budget(**counted)


def phrases_by_minute(study: Study, now: dt.datetime) -> list[int]:
    """Return how many phrases came in each of the last sixty minutes, the present one last."""
    this = now.replace(second=0, microsecond=0)
    minutes = [this - dt.timedelta(minutes=i) for i in reversed(range(60))]
    rows = (
        _counted(study)
        .filter(submitted_at__gte=minutes[0])
        .order_by()
        .annotate(minute=TruncMinute("submitted_at"))
        .values_list("minute")
        .annotate(n=Count("id"))
    )
    by_minute = dict(rows)
    return [by_minute.get(minute, 0) for minute in minutes]


def _counted(study: Study) -> QuerySet[Phrase]:
    return Phrase.objects.filter(assignment__session__in=study.sessions.counted())


def _waiting(what: str, rows: QuerySet[Phrase] | QuerySet[Run], since: str, now: dt.datetime) -> Waiting:
    found = rows.aggregate(n=Count("id"), oldest=Min(since))
    return _since(what, found["n"], found["oldest"], now)


def _since(what: str, n: int, oldest: dt.datetime | None, now: dt.datetime) -> Waiting:
    return Waiting(what, n, max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)


def is_served(task: str, now: dt.datetime) -> bool:
    """Say whether a worker is there now for the queue of a task."""
    queue = settings.CELERY_TASK_ROUTES[task]["queue"]
    return queue not in {each.queue for each in silent(workers(now))}


def silent(found: Iterable[Workers]) -> list[Workers]:
    """Those queues that nobody serves now."""
    return [queue for queue in found if not queue.alive]
