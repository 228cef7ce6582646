"""`make demo` stops when make alone is sent a signal, as by a supervisor: Ctrl-C reaches both without that."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

CHILD = """
import sys, time
from deploy.local.stack import Stopped, stop_on_signals
stop_on_signals()
print("up", flush=True)
try:
    time.sleep(60)
except Stopped:
    print("stopped", flush=True)
"""


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_make_alone_stops_what_it_runs(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "child.py").write_text(CHILD)
    (tmp_path / "Makefile").write_text(f"demo:\n\t@{sys.executable} child.py\n")
    said = tmp_path / "said"
    with said.open("w") as out:
        make = subprocess.Popen(
            ["make"],
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    wait_for(lambda: "up" in said.read_text())
    make.send_signal(number)
    make.wait(30)
    wait_for(lambda: "stopped" in said.read_text())
