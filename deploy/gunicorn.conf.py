# ruff: noqa: N999 - the name that gunicorn looks for
"""gunicorn: threads, since a request waits for PostgreSQL and never computes. The address comes from --bind."""

import os

worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", "1"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 30
graceful_timeout = 10
keepalive = 75  # longer than a proxy keeps its own side open
max_requests = 20_000  # against slow leaks
max_requests_jitter = 2_000
limit_request_line = 4_094
limit_request_field_size = 8_190
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
# No access log: a query string holds outside ids and every line an address. The proxy's log is structured instead.
accesslog = None
errorlog = "-"
control_socket_disable = True
