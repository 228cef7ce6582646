"""Children end with their parent, whatever ends it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local import processes

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]
# A parent that starts a child, says its number, and waits to be killed.
PARENT = """
import sys, time
from pathlib import Path
from deploy.local import processes
child = processes.start(processes.Program("sleeper", sys.argv[2:], Path(sys.argv[1]), {}))
print(child.process.pid, flush=True)
time.sleep(600)
"""

# Runs a command, and ends with status 5 once it is told to stop.
RUNNER = """
import os, signal, sys
from deploy.local import processes
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(5))
processes.run(sys.argv[1:], os.environ)
"""


def _start(command: list[str], log: Path, **env: str) -> processes.Child:
    child = processes.start(processes.Program("sleeper", command, log, {**os.environ, **env}))
    _wait_for_log(log)
    return child


def _wait_for_log(log: Path) -> None:
    for _ in range(200):
        if log.exists() and "up" in log.read_text():
            return
        psutil.wait_procs([], timeout=0.05)
        signal.sigtimedwait([], 0.05)
    raise AssertionError(f"nothing in {log}")


def test_stop_ends_a_child_in_good_order(tmp_path: Path) -> None:
    child = _start(SLEEPER, tmp_path / "log")
    processes.stop([child])
    assert child.process.returncode == -signal.SIGTERM


def test_stop_kills_a_child_that_does_not_listen(tmp_path: Path) -> None:
    child = _start(STUBBORN, tmp_path / "log")
    processes.stop([child], timeout_s=0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_that_ended_by_itself_leaves_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('one'); print('two'); raise SystemExit(3)"]
    child = processes.start(processes.Program("talker", command, tmp_path / "log", os.environ))
    child.process.wait(30)
    assert not child.is_running
    assert child.last_words(1) == "two"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_child_dies_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "log"), *SLEEPER], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    _wait_for_log(tmp_path / "log")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    child.wait(10)
    assert not child.is_running()


def test_run_returns_the_status_of_the_command() -> None:
    assert processes.run([sys.executable, "-c", "raise SystemExit(7)"], os.environ) == 7


def test_run_ends_the_command_when_we_are_told_to_stop() -> None:
    runner = subprocess.Popen([sys.executable, "-c", RUNNER, *SLEEPER], stdout=subprocess.PIPE, text=True)
    assert runner.stdout is not None
    assert runner.stdout.readline() == "up\n"  # the command's own word
    (command,) = psutil.Process(runner.pid).children()
    runner.terminate()
    assert runner.wait(30) == 5
    runner.stdout.close()
    assert not command.is_running()


def test_a_later_run_ends_what_a_killed_one_left(tmp_path: Path) -> None:
    ours = _start(SLEEPER, tmp_path / "ours", **{processes.MARKER: str(tmp_path)})
    another = _start(SLEEPER, tmp_path / "another", **{processes.MARKER: "/somebody/else"})
    assert processes.end_leftovers(str(tmp_path)) == 1
    assert not ours.is_running
    assert another.is_running
    processes.stop([another])
