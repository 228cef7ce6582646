"""Draws a release's figures in a process of its own, so that the worker that builds releases never holds matplotlib.

What is drawn goes over as a pickle, from this process to its own child and nowhere else.
"""

import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from django.conf import settings

from worker.queue import worker_heartbeat
from worker.releases.figure_data import FigureData

MAX_SECONDS = 600  # drawing takes seconds: a child that hangs must not hold the release for ever


class DrawingFailed(Exception):
    """The child ended badly; the text is the last line that it wrote."""


def draw_apart(pictures: FigureData, directory: Path) -> None:
    """Draw every figure into a directory that exists, as `figure_drawing.draw_all` does. Raises DrawingFailed."""
    with tempfile.TemporaryFile() as told:
        pickle.dump(pictures, told)
        told.seek(0)
        with subprocess.Popen(  # noqa: S603  # our own command, under our own interpreter
            [sys.executable, "-m", "django", "draw_figures", str(directory)],
            stdin=told,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATA_ROOT": str(settings.DATA_ROOT), "DJANGO_SETTINGS_MODULE": "clarify_site.settings"},
        ) as child:
            said = _wait(child)
    if child.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        raise DrawingFailed(lines[-1] if lines else f"the process ended with {child.returncode}")


def _wait(child: subprocess.Popen[bytes]) -> bytes:
    """Return what the child complained of, once it ended; the loop's heart beats meanwhile."""
    until = time.monotonic() + MAX_SECONDS
    while True:
        try:
            return child.communicate(timeout=worker_heartbeat.BEAT_EVERY_S)[1]
        except subprocess.TimeoutExpired:
            worker_heartbeat.touch()
        if time.monotonic() > until:
            child.kill()
            raise DrawingFailed(f"it took more than {MAX_SECONDS} s")
