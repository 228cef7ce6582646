"""The watchdog ends a worker whose loop stands still, and no other."""

import signal
import subprocess
import sys
import time
from pathlib import Path

BEATING = """
import os, time
from pathlib import Path
while True:
    Path(os.environ["WORKER_HEARTBEAT"]).touch()
    time.sleep(0.1)
"""
STANDING_STILL = BEATING.replace("0.1", "600")
NEVER_STARTED = "import time\ntime.sleep(600)"


def _watch(heartbeat: Path, worker: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "deploy.watchdog", str(heartbeat), *options, "--", sys.executable, "-c", worker]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_a_worker_that_stands_still_is_killed(tmp_path: Path) -> None:
    watchdog = _watch(tmp_path / "heartbeat", STANDING_STILL, "--limit", "0.5")
    _, said = watchdog.communicate(timeout=60)
    assert watchdog.returncode == 1
    assert "no heartbeat" in said


def test_a_worker_that_never_starts_working_is_killed(tmp_path: Path) -> None:
    watchdog = _watch(tmp_path / "heartbeat", NEVER_STARTED, "--start-limit", "0.5")
    watchdog.communicate(timeout=60)
    assert watchdog.returncode == 1


def test_a_worker_that_works_is_left_alone_and_is_told_to_stop(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    watchdog = _watch(heartbeat, BEATING, "--limit", "30")
    while not heartbeat.exists():
        time.sleep(0.05)
    assert watchdog.poll() is None
    watchdog.send_signal(signal.SIGTERM)
    watchdog.communicate(timeout=60)
    assert watchdog.returncode == -signal.SIGTERM or watchdog.returncode == 256 - signal.SIGTERM


def test_a_clock_that_is_set_kills_no_worker(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    hours_ago = "os.utime(os.environ['WORKER_HEARTBEAT'], (1, time.time() - 9999))"
    beating = BEATING.replace("time.sleep(0.1)", f"{hours_ago}; time.sleep(0.1)")
    watchdog = _watch(heartbeat, beating, "--limit", "30")
    while not heartbeat.exists():
        time.sleep(0.05)
    time.sleep(2.5)  # it has looked twice
    assert watchdog.poll() is None
    watchdog.send_signal(signal.SIGTERM)
    watchdog.communicate(timeout=60)


def test_the_status_of_a_worker_that_ends_by_itself_is_passed_on(tmp_path: Path) -> None:
    watchdog = _watch(tmp_path / "heartbeat", "raise SystemExit(7)")
    watchdog.communicate(timeout=60)
    assert watchdog.returncode == 7
