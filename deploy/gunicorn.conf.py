# ruff: noqa: N999 - the name that gunicorn looks for
"""gunicorn: threads, since a request waits for PostgreSQL and never computes. The address comes from --bind."""

import os
import shutil
import tempfile
from typing import Any

from prometheus_client import values

from clarify_site import environment as read

worker_class = "clarify_site.gunicorn_worker.ProbedWorker"
workers = int(read.number("WEB_PROCESSES", 1, 1, 1000))
threads = int(read.number("WEB_THREADS", 8, 1, 1000))
timeout = 30
graceful_timeout = 10
keepalive = 75  # longer than a proxy keeps its own side open
max_requests = 20_000  # against slow leaks
max_requests_jitter = 2_000
limit_request_line = 4_094
limit_request_field_size = 8_190
forwarded_allow_ips = read.text("FORWARDED_ALLOW_IPS", "127.0.0.1")
# No access log: a query string holds outside ids and every line an address. The proxy's log is structured instead.
accesslog = None
errorlog = "-"
logger_class = "clarify_site.gunicorn_log.GunicornLogger"
control_socket_disable = True

# What the processes count of their requests, for /metrics: each has a file in this folder.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="clarify-metrics-")


def pre_fork(server: Any, worker: Any) -> None:
    """Give a process the file of one that has ended, so that there are never more of them than processes."""
    taken = {other.place for other in server.WORKERS.values()}
    worker.place = next(place for place in range(len(taken) + 1) if place not in taken)


def post_fork(server: Any, worker: Any) -> None:
    values.ValueClass = values.MultiProcessValue(lambda: worker.place)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
