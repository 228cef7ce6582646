# ruff: noqa: N999 - the name that gunicorn looks for
"""gunicorn: threads, since a request waits for PostgreSQL and never computes. The address comes from --bind."""

from clarify_site import environment as read

worker_class = "gthread"
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
