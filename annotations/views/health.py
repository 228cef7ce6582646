"""Probes: does the process live, can it serve; and numbers for programs that watch the site (Prometheus)."""

from collections.abc import Iterator
from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

from annotations import request_metrics
from annotations.readings.monitoring import queue_health
from annotations.readings.monitoring.metrics import families
from annotations.services.common import redis_counters


@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer at all."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if the database answers and its migrations are applied, else 503.

    What to alarm on, since the site answers all the same: `oldest_pending_s`, how long the oldest phrase has waited for
    its score, 0 where none waits; `silent_queues`, those that no worker has served for a minute.
    """
    now = timezone.now()
    try:
        migrated = _is_migrated()
        phrases, _ = queue_health.waiting(now)
        silent = [queue.queue for queue in queue_health.silent(queue_health.workers(now))]
    except DatabaseError:
        return JsonResponse({"database": False}, status=503)
    state = {
        "database": True,
        "migrations": migrated,
        "oldest_pending_s": round(phrases.oldest_s, 1),
        "silent_queues": silent,
    }
    return JsonResponse(state, status=200 if migrated else 503)


def _is_migrated() -> bool:
    """Whether every migration that this process knows of is applied; those of its successor may be too."""
    return _known_migrations() <= set(MigrationRecorder(connection).applied_migrations())


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Files do not change while a process lives, and reading them takes longer than all the rest of the answer."""
    loader = MigrationLoader(None)
    return frozenset(loader.graph.nodes)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """What waits, since when, and who works, for who has the token; nothing is there for anybody else."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, settings.METRICS_TOKEN):
        raise Http404
    registry = CollectorRegistry()
    registry.register(_OfTheSite())
    request_metrics.register(registry)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _OfTheSite(Collector):
    def collect(self) -> Iterator[Metric]:
        return families(timezone.now(), redis_counters.tallies())
