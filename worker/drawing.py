"""Draws a release's figures in a process of its own, so that the worker that builds releases never holds matplotlib.

The tables go over as a pickle, from this process to its own child and nowhere else.
"""

import os
import pickle
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from annotations.analysis.tables import FilledTable, StudyTables

_MOST_SECONDS = 600  # drawing takes seconds: a child that hangs must not hold the release for ever


class DrawingFailed(Exception):
    """The child ended badly; the text is the last line that it wrote."""


def draw_apart(tables: StudyTables, directory: Path) -> None:
    """Draw every figure into a directory that exists, as `figures.draw_all` does. Raises DrawingFailed."""
    done = subprocess.run(  # noqa: S603  # our own command, under our own interpreter
        [sys.executable, "-m", "django", "draw_figures", str(directory)],
        input=pickle.dumps(_without_columns(tables)),
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATA_ROOT": str(settings.DATA_ROOT), "DJANGO_SETTINGS_MODULE": "clarify_site.settings"},
        capture_output=True,
        timeout=_MOST_SECONDS,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise DrawingFailed(lines[-1] if lines else f"the process ended with {done.returncode}")


def _without_columns(tables: StudyTables) -> StudyTables:
    """The rows alone: columns hold functions, which cannot be pickled, and figures do not need them."""
    changed: dict[str, Any] = {}
    for each in fields(tables):
        value = getattr(tables, each.name)
        if isinstance(value, FilledTable):
            changed[each.name] = FilledTable(replace(value.table, columns=()), value.rows)
    return replace(tables, **changed)
