"""Measures every method of the paper's tables on one data set."""

import shlex
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, CommandParser

from annotations.management.arguments import names, positive
from annotations.management.plain_command import PlainCommand, write_files
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from annotations.services.datasets.dataset_registration import find_dataset
from modeling.arrays.retraining.slices import SCHEMES
from worker.baselines.methods import METHODS, find_methods
from worker.baselines.published_settings import PUBLISHED
from worker.benchmarks.benchmark_report import Report
from worker.benchmarks.method_runner import run_benchmark
from worker.benchmarks.report_files import MARKDOWN, annotation_table, note, notes, report_files
from worker.benchmarks.report_tables import LAYOUTS
from worker.benchmarks.setup import Request, set_up
from worker.common.progress_bars import ProgressBars

_SAME = ("study", "base_model", "seeds", "l2", "scheme", "template", "published")


class Command(PlainCommand):
    help = "Measure every method of the paper's tables 1, 4 and 6 on a data set: worst group, average and gap on test."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="DATASET", help="NAME, or NAME@VERSION for an older version")
        parser.add_argument(
            "--annotation",
            action="append",
            default=[],
            metavar="CLASS:PHRASE[:τ]",
            help="what Clarify is told; repeated: each alone, and of several classes the best of each together",
        )
        parser.add_argument("--study", metavar="SLUG", help="what this study's participants said, as they were scored")
        parser.add_argument("--base-model", metavar="NAME", help="whose errors annotations describe; default: ERM")
        parser.add_argument(
            "--layout", choices=list(LAYOUTS), default="all", help="the table to print, and its methods"
        )
        parser.add_argument(
            "--methods", type=names, metavar="A,B", help="instead: " + ", ".join(method.key for method in METHODS)
        )
        parser.add_argument("--seeds", type=int, default=3, metavar="N", help="default: %(default)s")
        parser.add_argument(
            "--l2", type=positive, metavar="λ", help=f"default: the base model's, without one {settings.DEFAULT_L2:g}"
        )
        parser.add_argument("--scheme", choices=list(SCHEMES), help="weights of slices; default: the study's")
        parser.add_argument("--template", default=DEFAULT_TEXT_TEMPLATE, help="of phrases; default: %(default)s")
        parser.add_argument(
            "--published", choices=list(PUBLISHED), help="prompts and settings as published for this data set"
        )
        parser.add_argument("--output", type=Path, metavar="DIR", help="default: benchmark-NAME-vVERSION")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["seeds"] < 1:
            raise CommandError("--seeds must be at least 1.")
        layout = LAYOUTS[options["layout"]]
        with ProgressBars(unit="classifiers") as progress:
            methods = find_methods(options["methods"] or layout.methods)
            dataset = find_dataset(options["dataset"])
            setup = set_up(dataset, _request(options))
            folder = options["output"] or Path(f"benchmark-{dataset.name}-v{dataset.version}")
            write_files(folder, {})  # so that nobody waits for figures that cannot be kept
            rows = run_benchmark(setup.bench, methods, setup.sources, progress)
        report = Report.of(setup, rows, command_line(options))
        self.stdout.write(layout.table(report.rows, report.encoder).markdown())
        self.tell((note(), *notes(report.rows)))
        if setup.annotations:
            self.stdout.write(annotation_table(setup).markdown())
        write_files(folder, report_files(report))
        self.stdout.write(
            f"Written: {folder / MARKDOWN}, and beside it the figures (CSV), all settings (JSON) and test predictions."
        )


def _request(options: dict[str, Any]) -> Request:
    return Request(options["annotation"], **{name: options[name] for name in _SAME})


def command_line(options: dict[str, Any]) -> str:
    """What to type for the same benchmark again; where it is written changes nothing."""
    given = {"annotation": options["annotation"], "methods": options["methods"] and [",".join(options["methods"])]}
    given |= {name: [options[name]] for name in (*_SAME[:2], "layout", *_SAME[2:]) if options[name] is not None}
    words = (f"--{name.replace('_', '-')}={value}" for name, values in given.items() for value in values or ())
    return shlex.join(["manage.py", "benchmark", options["dataset"], *words])
