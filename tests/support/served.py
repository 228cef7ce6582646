"""The part of a site that answers requests, without the workers: each of these takes seconds to load."""

import os
import resource
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

from deploy.local.services import free_port
from deploy.local.site import CADDYFILE, caddy


def served(roles: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """The commands of the proxy and of the web role."""
    return {name: roles[name] for name in ("proxy", "web")}


@contextmanager
def proxy_before(upstream: str, folder: Path, *, files: int = 4096, **changed: str) -> Iterator[int]:
    """The port of a proxy with deploy/Caddyfile before `upstream`, which may open so many files and sockets.

    changed: another value for a setting of the Caddyfile, by its name.
    """
    text = CADDYFILE.read_text("utf-8")
    for name, value in changed.items():
        assert f"{name} " in text
        text = "\n".join(_with(line, name, value) for line in text.split("\n"))
    config, port = folder / "Caddyfile", free_port()
    config.write_text(text, "utf-8")
    settings = {"SITE_HOST": f"http://:{port}", "LISTEN": "127.0.0.1", "UPSTREAM": upstream, "HOME": str(folder)}
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(
            [caddy(), "run", "--config", config, "--adapter", "caddyfile"],
            env={**os.environ, **settings},
            stdout=log,
            stderr=log,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
        )
        try:
            while not _listens(port):
                assert process.poll() is None, (folder / "proxy.log").read_text("utf-8")
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


def _with(line: str, name: str, value: str) -> str:
    return f"{name} {value}" if line.strip().startswith(f"{name} ") else line


def _listens(port: int) -> bool:
    try:
        httpx2.get(f"http://127.0.0.1:{port}/livez", timeout=5)
    except httpx2.TransportError:
        return False
    return True
