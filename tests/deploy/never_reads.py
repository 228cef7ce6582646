"""A WSGI application that answers without reading, but below /read, where it says how much it read."""

from collections.abc import Callable
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
    n_read = len(environ["wsgi.input"].read()) if environ["PATH_INFO"].startswith("/read") else 0
    print(f"reached {environ['PATH_INFO']}", file=environ["wsgi.errors"], flush=True)
    answer = str(n_read).encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
