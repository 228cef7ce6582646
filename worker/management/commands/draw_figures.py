"""Draws figures for `worker.releases.figure_process`, which starts it: a process that holds matplotlib, and ends."""

import pickle
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from worker.releases.figure_drawing import draw_all


class Command(BaseCommand):
    help = "Draw the figures of a release whose values come on standard input; workers start it themselves."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        draw_all(pickle.load(sys.stdin.buffer), options["directory"])  # noqa: S301  # from the worker alone
