"""What waits, who works, and how the last hour met the objective."""

import datetime as dt

from django.conf import settings
from django.utils import timezone

from annotations.models import Phrase, PhraseState, Score, Study, WorkerHeartbeat
from annotations.monitoring import queue_health
from annotations.monitoring.queue_health import Budget, Waiting, Workers
from annotations.queue.heartbeats import store_heartbeat
from tests.support.actors import Visit
from tests.support.rows import add_phrase

SECOND = dt.timedelta(seconds=1)


def submitted(visit: Visit, ago_s: float, scored_after_s: float | None = None) -> Phrase:
    """A phrase of some seconds ago, scored some seconds after that or still waiting."""
    phrase = add_phrase(visit, "red", None if scored_after_s is None else 0.5)
    at = timezone.now() - ago_s * SECOND
    Phrase.objects.filter(pk=phrase.pk).update(submitted_at=at)
    if scored_after_s is not None:
        Score.objects.filter(phrase=phrase).update(scored_at=at + scored_after_s * SECOND)
    return phrase


def test_the_oldest_that_waits_is_told_with_how_many(alice: Visit, open_study: Study) -> None:
    submitted(alice, 90)
    submitted(alice, 10)
    phrases, runs = queue_health.waiting(timezone.now(), open_study)
    assert (phrases.n, round(phrases.oldest_s)) == (2, 90)
    assert runs == Waiting("runs", 0, 0.0)


def test_the_budget_counts_late_failed_and_long_waiting_phrases_as_misses(alice: Visit, open_study: Study) -> None:
    for _ in range(6):
        submitted(alice, 100, 0.5)
    submitted(alice, 100, 1.5)
    submitted(alice, 30)
    submitted(alice, 0.2)  # too young to have missed
    submitted(alice, 4000, 0.5)  # not of this hour
    Phrase.objects.filter(pk=submitted(alice, 50).pk).update(state=PhraseState.FAILED)
    found = queue_health.budget(open_study, timezone.now())
    assert (found.phrases, found.good, found.failed) == (9, 6, 1)
    assert found.share == 6 / 9


def test_a_budget_is_whole_without_phrases_and_negative_beyond_it() -> None:
    assert Budget(0, 0, 0).left == 1
    assert Budget(0, 0, 0).share is None
    assert round(Budget(200, 199, 0).left, 6) == 0.5
    assert round(Budget(100, 97, 0).left, 6) == -2


def test_each_queue_that_a_task_goes_to_is_listed_with_who_serves_it(db: None) -> None:
    now = timezone.now()
    store_heartbeat(["interactive"], now - 5 * SECOND, process="a:1", started_at=now)
    store_heartbeat(["interactive"], now - 90 * SECOND, process="b:2", started_at=now)
    store_heartbeat(["retrain"], now - 90 * SECOND, process="c:3", started_at=now)
    found = {row.queue: row for row in queue_health.workers(now)}
    assert set(found) == {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert found["interactive"] == Workers("interactive", 1, 5.0)
    assert found["retrain"] == Workers("retrain", 0, 90.0)
    assert found["maintenance"] == Workers("maintenance", 0, None)
    assert {row.queue for row in queue_health.silent(found.values())} == set(found) - {"interactive"}
    assert WorkerHeartbeat.objects.count() == 3


def test_phrases_are_counted_by_minute_the_present_one_last(alice: Visit, open_study: Study) -> None:
    now = timezone.now().replace(second=30)
    for minutes, n in ((0, 2), (1, 1), (59, 3), (60, 1)):
        for _ in range(n):
            Phrase.objects.filter(pk=add_phrase(alice, "red").pk).update(submitted_at=now - minutes * 60 * SECOND)
    counts = queue_health.phrases_by_minute(open_study, now)
    assert len(counts) == 60
    assert (counts[-1], counts[-2], counts[0], sum(counts)) == (2, 1, 3, 6)
