"""Probes: does the process live, can it serve; and numbers for programs that watch the site (Prometheus)."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any

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

from annotations.base import redis_counters
from annotations.monitoring import queue_health
from annotations.monitoring.metrics import families
from annotations.pages import request_metrics
from clarify_site.site_name import site_name

ANSWERED_WITHIN_S = 1.5  # by /readyz, whatever is gone; the proxy waits for 1.9 s

_thread = ThreadPoolExecutor(1, "readiness")
_lock = threading.Lock()
_in_hand: Future[dict[str, Any]] | None = None


@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer at all."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if the database answers in time and its migrations are applied, else 503.

    What to alarm on, since the site answers all the same: `oldest_pending_s`, how long the oldest phrase has waited for
    its score, 0 where none waits; `silent_queues`, those that no worker has served for a minute. `site` tells two sites
    apart.
    """
    try:
        state = check_in_hand().result(ANSWERED_WITHIN_S)
    except (TimeoutError, DatabaseError):
        state = {"database": False}
    ready = bool(state.get("migrations"))
    return JsonResponse({"site": site_name(settings.SECRET_KEY), **state}, status=200 if ready else 503)


def check_in_hand() -> "Future[dict[str, Any]]":
    """Return the check in hand, or begin one. One that a stopped database holds up holds a single thread."""
    global _in_hand
    with _lock:
        if _in_hand is None or _in_hand.done():
            _in_hand = _thread.submit(_readiness_and_close)
        return _in_hand


def _readiness_and_close() -> dict[str, Any]:
    try:
        return readiness()
    finally:
        connection.close()


def readiness() -> dict[str, Any]:
    now = timezone.now()
    return {
        "database": True,
        "migrations": _is_migrated(),
        "oldest_pending_s": round(queue_health.waiting(now)[0].oldest_s, 1),
        "silent_queues": [queue.queue for queue in queue_health.silent(queue_health.workers(now))],
    }


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
