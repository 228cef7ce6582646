"""Child processes that never outlive the program that started them, each with a log of its own."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

# Marks every process that a run on this folder started, and those that they start: how a later run finds leftovers.
MARKER = "CLARIFY_STARTED_FOR"

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class CannotRun(Exception):
    """Something on this machine stands in the way; the message says what, and what to do about it."""


@dataclass(frozen=True)
class Program:
    """What to start, and how.

    name: in sentences; log: its output is appended there; stop_signal: makes it end in good order; orphan_signal: it
    gets this one when we die; user: drops root's rights; stdin: what it reads; pass_fds: open files that it is given.
    """

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    user: str | None = None
    stdin: bytes | None = None
    pass_fds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Child:
    """A started process."""

    program: Program
    process: subprocess.Popen[bytes]

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def last_words(self, n_lines: int = 15) -> str:
        """The end of its log, for an error message."""
        lines = self.program.log.read_text("utf-8", errors="replace").splitlines()
        return "\n".join(lines[-n_lines:])


def start(program: Program) -> Child:
    """Start a process in a group of its own, so that Ctrl-C in the terminal reaches only us and we end it in order.

    On Linux the kernel sends it its `orphan_signal` when this process dies, however it dies; call from the main thread,
    since the kernel watches the thread that forked.
    """
    stdin = program.stdin
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as output:
        process = subprocess.Popen(
            program.command,
            env=dict(program.env),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=program.pass_fds,
            preexec_fn=_die_with(os.getpid(), program.orphan_signal),
            **rights_of(program.user),
        )
    if stdin is not None and process.stdin is not None:
        process.stdin.write(stdin)
        process.stdin.close()
    return Child(program, process)


def run(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a command to its end on this terminal, where Ctrl-C reaches it too; return its exit status."""
    dies_with_us = _die_with(os.getpid(), signal.SIGTERM)
    return subprocess.call(command, env=dict(env), stdin=subprocess.DEVNULL, preexec_fn=dies_with_us)


def wait_until(answers: Callable[[], bool], seconds: float, *children: Child) -> None:
    """Ask every 50 ms. Raises CannotRun once one of the processes ended or the seconds are over."""
    until = time.monotonic() + seconds
    while all(child.is_running for child in children) and time.monotonic() < until:
        if answers():
            return
        time.sleep(0.05)
    silent = next((child for child in children if not child.is_running), children[-1])
    ended = "is not ready" if silent.is_running else "ended at once"
    raise CannotRun(f"{silent.program.name} {ended}. Its log, {silent.program.log}, ends with:\n{silent.last_words()}")


def stop(children: Sequence[Child], timeout_s: float = 15) -> None:
    """Ask all to end, wait at most `timeout_s` seconds for all of them, then kill what is left of their groups."""
    until = time.monotonic() + timeout_s
    for child in children:
        if child.is_running:
            child.process.send_signal(child.program.stop_signal)
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(until - time.monotonic(), 0))
        kill(child)


def kill(child: Child) -> None:
    """End a child and all that it started at once, as a machine that goes down does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()


def end_leftovers(marker: str) -> int:
    """End what an earlier run with this marker left behind after it was killed; return how many processes."""
    leftovers = [process for process in psutil.process_iter() if _marker_of(process) == marker]
    for process in leftovers:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(leftovers, timeout=10)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    return len(leftovers)


def rights_of(user: str | None) -> dict[str, Any]:
    """What has a process that is started run as a user, of its main group alone; nothing for nobody."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def _marker_of(process: psutil.Process) -> str | None:
    try:
        return None if process.pid == os.getpid() else process.environ().get(MARKER)
    except (psutil.Error, OSError):
        return None  # not ours to read, or gone


def _die_with(parent: int, orphan_signal: signal.Signals) -> Callable[[], None] | None:
    if _libc is None:
        return None
    prctl = _libc.prctl

    def run_in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, int(orphan_signal))
        if os.getppid() != parent:  # the parent died before the kernel knew
            os._exit(1)

    return run_in_child
