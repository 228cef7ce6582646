"""Imports a folder of images as a new version of a data set."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandParser

from annotations.management.plain_command import PlainCommand, names
from clarify_errors.arrays.datasets.importing.sources import ALL_FORMATS
from worker.common.progress_bars import ProgressBars
from worker.datasets.dataset_import import import_folder, import_report

_SAME = "similarity_encoder", "feature_encoder", "class_names", "attribute_names", "columns", "engine"


class Command(PlainCommand):
    help = "Import a folder of images, or of their embeddings: check each, make thumbnails, register the data set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="name of the data set: letters, digits, _ and -")
        parser.add_argument(
            "path", metavar="PATH", type=Path, help="the folder, the CSV file of the format csv, or hf:OWNER/NAME"
        )
        parser.add_argument("--format", required=True, choices=ALL_FORMATS)
        parser.add_argument(
            "--similarity-encoder",
            default=settings.DEFAULT_SIMILARITY_ENCODER,
            metavar="SPEC",
            help="compares images and phrases (default: %(default)s)",
        )
        parser.add_argument("--feature-encoder", metavar="SPEC", help="the classifier's features, if they differ")
        parser.add_argument(
            "--engine",
            default=settings.IMPORT_ENGINE,
            metavar="ray[:ADDRESS]",
            help="embed on a Ray cluster instead of by the workers",
        )
        parser.add_argument("--class-names", type=names, default=[], metavar="A,B", help="in the order of the labels")
        parser.add_argument("--attribute-names", type=names, default=[], metavar="A,B")
        parser.add_argument(
            "--columns",
            type=names,
            default=[],
            metavar="IMAGE,LABEL[,GROUP]",
            help="columns of the format huggingface (default: image,label)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with ProgressBars() as progress:
            dataset, created = import_folder(
                options["name"],
                options["format"],
                options["path"],
                **{name: options[name] for name in _SAME},
                progress=progress,
            )
        self.tell(import_report(dataset, created))
