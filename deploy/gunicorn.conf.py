# ruff: noqa: N999 - the name that gunicorn looks for
"""gunicorn: threads, since a request waits for PostgreSQL and never computes. The address comes from --bind."""

import io
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
_HELD = 257 * 1024  # bytes of a body that the proxy has whole before it asks (deploy/Caddyfile)

# What the processes count of their requests, for /metrics: each has a file in this folder.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="clarify-metrics-")


def pre_fork(server: Any, worker: Any) -> None:
    """Give a process the file of one that has ended, so that there are never more of them than processes."""
    taken = {other.place for other in server.WORKERS.values()}
    worker.place = next(place for place in range(len(taken) + 1) if place not in taken)


def post_fork(server: Any, worker: Any) -> None:
    values.ValueClass = values.MultiProcessValue(lambda: worker.place)  # type: ignore[no-untyped-call]


def pre_request(worker: Any, request: Any) -> None:
    """Leave nothing of a body on a connection that is kept: what a view does not read, gunicorn would.

    It reads 64 KiB and then closes a connection that it said it would keep, and the next person's request is lost.
    A body that passes as it comes (below /admin/uploads/) is its view's to read or not, so its connection ends.
    """
    if request.path.startswith("/admin/uploads/"):
        request.force_close()
    if request.should_close():  # as the proxy asks too, where it passes bodies on
        return
    body = request.body.read(_HELD + 1)
    if len(body) > _HELD:
        request.force_close()
    request.body = io.BytesIO(body)


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:
    request.body = io.BytesIO()  # so that gunicorn does not count what is already read


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
