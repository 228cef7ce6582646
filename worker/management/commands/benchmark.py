"""Measures every method of the paper's tables on one data set."""

import shlex
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from annotations.datasets.dataset_registration import find_dataset
from annotations.management.plain_command import PlainCommand, write_files
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from modeling.arrays.retraining.slices import SCHEMES
from worker.benchmarks.method_runner import run_benchmark
from worker.benchmarks.methods import METHODS, find_methods
from worker.benchmarks.published_settings import PUBLISHED
from worker.common.progress_bars import ProgressBars
from worker.research.benchmarks.benchmark_report import Report
from worker.research.benchmarks.report_files import MARKDOWN, report_files
from worker.research.benchmarks.setup import Request, set_up

_SAME = ("study", "base_model", "seeds", "l2", "scheme", "template", "published")


class Command(PlainCommand):
    more = {
        "--methods": {"help": "default: all of " + ", ".join(method.key for method in METHODS)},
        "--l2": {"help": f"default: the base model's, without one {settings.DEFAULT_L2:g}"},
        "--scheme": {"choices": list(SCHEMES)},
        "--template": {"default": DEFAULT_TEXT_TEMPLATE},
        "--published": {"choices": list(PUBLISHED)},
    }

    def handle(self, *args: Any, **options: Any) -> None:
        if options["seeds"] < 1:
            raise CommandError("--seeds must be at least 1.")
        with ProgressBars(unit="classifiers") as progress:
            methods = find_methods(options["methods"]) if options["methods"] else METHODS
            dataset = find_dataset(options["dataset"])
            setup = set_up(dataset, Request(options["annotation"], **{name: options[name] for name in _SAME}))
            folder = options["output"] or Path(f"benchmark-{dataset.name}-v{dataset.version}")
            write_files(folder, {})  # so that nobody waits for figures that cannot be kept
            rows = run_benchmark(setup.bench, methods, setup.sources, progress)
        files = report_files(Report.of(setup, rows, command_line(options)))
        self.stdout.write(files[MARKDOWN].decode())
        write_files(folder, files)
        self.stdout.write(f"Written: {folder / MARKDOWN}, and beside it the whole record (JSON) and test predictions.")


def command_line(options: dict[str, Any]) -> str:
    """What to type for the same benchmark again; where it is written changes nothing."""
    given = {"annotation": options["annotation"], "methods": options["methods"] and [",".join(options["methods"])]}
    given |= {name: [options[name]] for name in _SAME if options[name] is not None}
    words = (f"--{name.replace('_', '-')}={value}" for name, values in given.items() for value in values or ())
    return shlex.join(["manage.py", "benchmark", options["dataset"], *words])
