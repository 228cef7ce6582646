"""Draws a release's figures in a process of its own, so that the worker that builds releases never holds matplotlib.

What is drawn goes over as a pickle, from this process to its own child and nowhere else.
"""

import os
import pickle
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from worker.pictures import Pictures

_MOST_SECONDS = 600  # drawing takes seconds: a child that hangs must not hold the release for ever


class DrawingFailed(Exception):
    """The child ended badly; the text is the last line that it wrote."""


def draw_apart(pictures: Pictures, directory: Path) -> None:
    """Draw every figure into a directory that exists, as `figures.draw_all` does. Raises DrawingFailed."""
    done = subprocess.run(  # noqa: S603  # our own command, under our own interpreter
        [sys.executable, "-m", "django", "draw_figures", str(directory)],
        input=pickle.dumps(pictures),
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATA_ROOT": str(settings.DATA_ROOT), "DJANGO_SETTINGS_MODULE": "clarify_site.settings"},
        capture_output=True,
        timeout=_MOST_SECONDS,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise DrawingFailed(lines[-1] if lines else f"the process ended with {done.returncode}")
