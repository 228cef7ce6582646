"""The paper's tables and figures of section 5.3 for a data set of many classes, from one command."""

import shlex
from pathlib import Path
from typing import Any

from django.core.management import CommandError, CommandParser

from annotations.datasets.dataset_registration import find_dataset
from annotations.management.plain_command import PlainCommand, add_dataset, write_files, writing
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from clarify_errors.arrays.retraining.slices import SCHEMES
from worker.common.progress_bars import ProgressBars
from worker.datasets.base_models import DEFAULT_NAME
from worker.research.class_reports.class_report import DRAWS, Request, compute
from worker.research.class_reports.class_report_files import MARKDOWN, draw, report_files

_SAME = ("study", "base_model", "second", "scheme", "template", "draws")


class Command(PlainCommand):
    help = (
        "Retrain a whole model with one annotation for each of some classes, and report what that does to the images "
        "that the annotations name, beside the same retraining without phrases and with random slices. See "
        "docs/analysts/methods.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_dataset(parser)
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            "--annotations",
            type=Path,
            metavar="FILE",
            help="CSV with class, phrase and, if it has them, threshold, sign",
        )
        source.add_argument("--study", metavar="SLUG", help="the best phrase of each class of this study's people")
        default_model = f"default: the study's; with --annotations {DEFAULT_NAME}"
        parser.add_argument("--base-model", metavar="NAME", help=default_model)
        parser.add_argument("--second", metavar="DATASET", help="a second test set, such as ImageNet-V2")
        parser.add_argument("--scheme", choices=list(SCHEMES), help="weights of slices; default: the study's")
        parser.add_argument(
            "--template", default=DEFAULT_TEXT_TEMPLATE, help="template of phrases; default: %(default)s"
        )
        parser.add_argument(
            "--draws", type=int, default=DRAWS, metavar="N", help="models of random slices; default: %(default)s"
        )
        parser.add_argument("--output", type=Path, metavar="DIR", help="default: imagenet-report-NAME-vVERSION")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["draws"] < 2:
            raise CommandError("--draws must be at least 2: random slices have no spread without.")
        with ProgressBars(unit="models") as progress:
            dataset = find_dataset(options["dataset"])
            folder = options["output"] or Path(f"imagenet-report-{dataset.name}-v{dataset.version}")
            write_files(folder, {})  # so that nobody waits for figures that cannot be kept
            request = Request(options["annotations"], **{name: options[name] for name in _SAME})
            report = compute(dataset, request, progress)
            with writing(folder):
                images = draw(report, folder)
            write_files(folder, report_files(report, _command_line(options), images))
        self.stdout.write(f"Written: {folder / MARKDOWN}, and beside it tables (CSV), figures and the record (JSON).")


def _command_line(options: dict[str, Any]) -> str:
    """What to type for the same report again; where it is written changes nothing."""
    given = [f"--{name.replace('_', '-')}={options[name]}" for name in ("annotations", *_SAME) if options[name]]
    return shlex.join(["manage.py", "imagenet_report", options["dataset"], *given])
