"""How long the requests of this web role took and how they ended, by the name of their address, never by its words."""

import os
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from prometheus_client.multiprocess import MultiProcessCollector

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")  # any other is a stranger's invention
NAME, MEANING = "clarify_http_request_seconds", "how long requests took to answer"

disable_created_metrics()  # type: ignore[no-untyped-call]
_SECONDS = Histogram(
    NAME, MEANING, ("method", "view", "status"), registry=None, buckets=(0.025, 0.1, 0.25, 0.5, 1, 2.5, 10)
)


class RequestMetricsMiddleware:
    """Counts every request but those of static files."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        view = request.resolver_match.view_name if request.resolver_match else "none"
        method = request.method if request.method in METHODS else "other"
        _SECONDS.labels(method, view, response.status_code).observe(time.perf_counter() - began)
        return response


def register(registry: CollectorRegistry) -> None:
    """Add what all processes of this web role have counted: gunicorn's share a folder (deploy/gunicorn.conf.py)."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_SECONDS)
