"""A decoder that a file has taken over: it does what the file says, with what the process still has."""

import ctypes
import json
import os
import resource
import socket
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from clarify_errors.arrays.images.image_files import ImageRejected


def _tries(attempt: Callable[[], object]) -> str:
    try:
        return f"got {attempt()!r}"
    except (OSError, ValueError) as error:
        return type(error).__name__


def _reads_parents_memory() -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.process_vm_readv(os.getppid(), None, 0, None, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "refused")


ATTEMPTS: dict[str, Callable[[], object]] = {
    "connects": lambda: socket.create_connection(("127.0.0.1", 1)),
    "opens a socket": lambda: socket.socket(socket.AF_UNIX),
    "reads a file": lambda: Path(__file__).read_text(),
    "writes a file": lambda: Path("/tmp/hostile").write_text("was here"),
    "reads its parent's environment": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "reads its parent's memory": _reads_parents_memory,
    "signals its parent": lambda: os.kill(os.getppid(), 0),
    "forks": lambda: os.fork() or os._exit(0),
    "becomes another program": lambda: os.execv("/bin/true", ["true"]),
    "takes its limits back": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)),
}


def decode(data: bytes) -> Image.Image:
    """Do as `data` says: its first word."""
    word = data.decode()
    if word == "environment":
        raise ImageRejected("unreadable", json.dumps(dict(os.environ)))
    if word in ATTEMPTS:
        raise ImageRejected("unreadable", _tries(ATTEMPTS[word]))
    if word == "crash":
        ctypes.string_at(0)
    if word == "eat":
        return Image.frombytes("RGB", (1, 1), bytes(2**33))
    if word == "never end":
        while True:
            time.perf_counter()
    return Image.new("RGB", (3, 2), word)
