"""The paper's tables and figures of section 5.3 for a data set of many classes, from one command."""

import shlex
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from annotations.datasets.dataset_registration import find_dataset
from annotations.management.plain_command import PlainCommand, write_files, writing
from annotations.models.task import DEFAULT_TEXT_TEMPLATE
from modeling.arrays.retraining.slices import SCHEMES
from worker.common.progress_bars import ProgressBars
from worker.datasets.base_models import DEFAULT_NAME
from worker.research.class_reports.class_report import DRAWS, Request, compute
from worker.research.class_reports.class_report_files import MARKDOWN, draw, report_files

_SAME = ("study", "base_model", "second", "scheme", "template", "draws")


class Command(PlainCommand):
    more = {
        "--base-model": {"help": f"default: the study's; with --annotations {DEFAULT_NAME}"},
        "--scheme": {"choices": list(SCHEMES)},
        "--template": {"default": DEFAULT_TEXT_TEMPLATE},
        "--draws": {"default": DRAWS},
    }

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
