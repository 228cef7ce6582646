"""Measures every method of the paper's tables on one data set."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from annotations.management.arguments import names, positive
from annotations.management.plain_errors import plain_errors, write_files
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from annotations.services.datasets.dataset_registration import find_dataset
from modeling.arrays.retraining.slices import SCHEMES
from worker.baselines.methods import METHODS, find_methods
from worker.baselines.prompts import PromptWords
from worker.baselines.published_settings import PUBLISHED
from worker.benchmarks.benchmark_report import Report
from worker.benchmarks.method_runner import run_benchmark
from worker.benchmarks.report_files import MARKDOWN, NOTE, annotation_table, notes, report_files
from worker.benchmarks.report_tables import LAYOUTS
from worker.benchmarks.setup import Request, set_up
from worker.common.progress_bars import ProgressBars


class Command(BaseCommand):
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
        parser.add_argument("--class-template", action="append", default=[], metavar="T", help="of class prompts")
        parser.add_argument("--group-template", action="append", default=[], metavar="T", help="of group prompts")
        parser.add_argument("--prompt-classes", type=names, default=[], metavar="A,B", help="class names in prompts")
        parser.add_argument("--prompt-attributes", type=names, default=[], metavar="A,B", help="attributes in prompts")
        parser.add_argument(
            "--published", choices=list(PUBLISHED), help="prompts and settings as published for this data set"
        )
        parser.add_argument("--output", type=Path, metavar="DIR", help="default: benchmark-NAME-vVERSION")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["seeds"] < 1:
            raise CommandError("--seeds must be at least 1.")
        layout = LAYOUTS[options["layout"]]
        with plain_errors(), ProgressBars(unit="classifiers") as progress:
            methods = find_methods(options["methods"] or layout.methods)
            dataset = find_dataset(options["dataset"])
            setup = set_up(dataset, _request(options))
            folder = options["output"] or Path(f"benchmark-{dataset.name}-v{dataset.version}")
            write_files(folder, {})  # so that nobody waits for figures that cannot be kept
            rows = run_benchmark(setup.bench, methods, setup.sources, progress)
        report = Report.of(setup, rows, command_line(options))
        self.stdout.write(layout.table(report.rows, report.encoder).markdown())
        for line in (NOTE, *notes(report.rows)):
            self.stdout.write(line)
        if setup.annotations:
            self.stdout.write(annotation_table(setup).markdown())
        write_files(folder, report_files(report))
        self.stdout.write(
            f"Written: {folder / MARKDOWN}, and beside it the figures (CSV), all settings (JSON) and test predictions."
        )


def _request(options: dict[str, Any]) -> Request:
    named = ("class_template", "group_template", "prompt_classes", "prompt_attributes")
    words = PromptWords.of(options["published"], *(options[name] for name in named))
    same = ("template", "study", "base_model", "l2", "seeds", "scheme", "published")
    return Request(options["annotation"], words=words, **{name: options[name] for name in same})


def command_line(options: dict[str, Any]) -> str:
    """What to type for the same benchmark again; where it is written changes nothing."""
    given = [f"--{name.replace('_', '-')}={value}" for name, value in _values(options)]
    return shlex.join(["manage.py", "benchmark", options["dataset"], *given])


def _values(options: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Each option that has a value, as often as it has one."""
    for name in ("annotation", "class_template", "group_template"):
        for value in options[name]:
            yield name, value
    for name in ("methods", "prompt_classes", "prompt_attributes"):
        if options[name]:
            yield name, ",".join(options[name])
    for name in ("study", "base_model", "layout", "seeds", "l2", "scheme", "template", "published"):
        if options[name] is not None:
            yield name, options[name]
