"""Runs a worker and ends it when its work loop stands still: `python -m deploy.watchdog HEARTBEAT -- command …`.

A worker with one process and no pool has nobody who sees it hang, and Docker does not restart what is merely unhealthy.
The loop touches the file HEARTBEAT after each sweep (worker/queue/worker_heartbeat.py). If the file grows too old, the
worker is killed, and whoever runs us (Docker, systemd) starts us again. Nothing is lost: what it had in hand is still
due.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

CHECK_EVERY_S = 1.0


def main() -> int:
    arguments = _arguments()
    heartbeat = Path(arguments.heartbeat)
    heartbeat.unlink(missing_ok=True)
    process = subprocess.Popen(arguments.command, env={**os.environ, "WORKER_HEARTBEAT": str(heartbeat)})  # noqa: S603

    def pass_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, pass_on)
    beaten, since = None, time.monotonic()  # by a clock that nobody sets: the file's time is compared with itself alone
    while True:
        try:
            return process.wait(CHECK_EVERY_S)
        except subprocess.TimeoutExpired:
            beat = heartbeat.stat().st_mtime_ns if heartbeat.exists() else None
        if beat != beaten:
            beaten, since = beat, time.monotonic()
        silent = time.monotonic() - since
        if silent > (arguments.start_limit if beaten is None else arguments.limit):  # a start may take longer
            print(f"no heartbeat from the worker for {silent:.0f} s, killing it", file=sys.stderr, flush=True)
            process.kill()
            process.wait()
            return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.watchdog", description=__doc__)
    parser.add_argument("heartbeat", help="file that the worker's loop touches")
    parser.add_argument("--limit", type=float, default=120, metavar="S", help="seconds of silence (default: 120)")
    parser.add_argument("--start-limit", type=float, default=900, metavar="S", help="until the first (default: 900)")
    parser.add_argument("command", nargs="+", help="after --: the worker's command")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
