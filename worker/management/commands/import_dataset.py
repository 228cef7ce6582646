"""Imports a folder of images as a new version of a data set."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandParser

from annotations.management.arguments import names
from annotations.management.plain_errors import plain_errors
from modeling.arrays.datasets.importing.sources import FORMATS, read_source
from worker.common.progress_bars import ProgressBars
from worker.datasets.dataset_import import images_of, import_report, import_source


class Command(BaseCommand):
    help = "Import a folder of images: check and embed each, make thumbnails, and register the data set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="what the data set is called: letters, digits, _ and -")
        parser.add_argument("path", metavar="PATH", type=Path, help="the folder, or the CSV file of the format csv")
        parser.add_argument("--format", required=True, choices=list(FORMATS))
        parser.add_argument(
            "--similarity-encoder",
            default=settings.DEFAULT_SIMILARITY_ENCODER,
            metavar="SPEC",
            help="compares images and phrases (default: %(default)s)",
        )
        features = parser.add_mutually_exclusive_group()
        features.add_argument("--feature-encoder", metavar="SPEC", help="the classifier's features, where they differ")
        features.add_argument("--features", metavar="FILE", type=Path, help="an .npz with filenames and features")
        parser.add_argument("--class-names", type=names, default=[], metavar="A,B", help="in the order of the labels")
        parser.add_argument("--attribute-names", type=names, default=[], metavar="A,B")

    def handle(self, *args: Any, **options: Any) -> None:
        with (
            plain_errors(),
            ProgressBars() as progress,
            images_of(options["format"], options["path"], progress) as folder,
        ):
            source = read_source(options["format"], folder, options["class_names"], options["attribute_names"])
            dataset, created = import_source(
                source,
                options["name"],
                similarity_encoder=options["similarity_encoder"],
                features=options["feature_encoder"] or options["features"],
                progress=progress,
            )
        for line in import_report(dataset, created):
            self.stdout.write(line)
