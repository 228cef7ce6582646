"""Measures every method of the paper's tables on one data set."""

import shlex
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, CommandParser

from annotations.datasets.dataset_registration import find_dataset
from annotations.management.plain_command import PlainCommand, add_dataset, names, positive, write_files
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from clarify_errors.arrays.retraining.slices import SCHEMES
from worker.benchmarks.method_runner import run_benchmark
from worker.benchmarks.methods import METHODS, find_methods
from worker.benchmarks.published_settings import PUBLISHED
from worker.common.progress_bars import ProgressBars
from worker.research.benchmarks.benchmark_report import Report
from worker.research.benchmarks.report_files import MARKDOWN, report_files
from worker.research.benchmarks.setup import Request, set_up

_SAME = ("study", "base_model", "seeds", "l2", "scheme", "template", "published")


class Command(PlainCommand):
    help = "Measure every method of the paper's tables 1, 4 and 6 on a data set: worst group, average and gap on test."

    def add_arguments(self, parser: CommandParser) -> None:
        add_dataset(parser)
        parser.add_argument(
            "--annotation",
            action="append",
            default=[],
            metavar="CLASS:PHRASE[:τ]",
            help="annotation for Clarify; repeated: each alone, and of several classes the best of each together",
        )
        parser.add_argument("--study", metavar="SLUG", help="use this study's phrases, as they were scored")
        parser.add_argument(
            "--base-model", metavar="NAME", help="annotations describe its errors; default: the study's, else erm"
        )
        every = ", ".join(method.key for method in METHODS)
        parser.add_argument("--methods", type=names, metavar="A,B", help=f"default: all of {every}")
        parser.add_argument("--seeds", type=int, default=3, metavar="N", help="default: %(default)s")
        default_l2 = f"default: the base model's, without one {settings.DEFAULT_L2:g}"
        parser.add_argument("--l2", type=positive, metavar="λ", help=default_l2)
        parser.add_argument("--scheme", choices=list(SCHEMES), help="weights of slices; default: the study's")
        parser.add_argument(
            "--template", default=DEFAULT_TEXT_TEMPLATE, help="template of phrases; default: %(default)s"
        )
        parser.add_argument(
            "--published", choices=list(PUBLISHED), help="prompts and settings as published for this data set"
        )
        parser.add_argument("--output", type=Path, metavar="DIR", help="default: benchmark-NAME-vVERSION")

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
