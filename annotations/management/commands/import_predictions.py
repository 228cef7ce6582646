"""Brings the predictions of any classifier, so that its errors can be studied."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandParser

from annotations.management.arguments import positive
from annotations.management.base_model_report import base_model_report
from annotations.management.plain_errors import plain_errors
from annotations.services.datasets.base_models import import_predictions
from annotations.services.datasets.dataset_registration import find_dataset


class Command(BaseCommand):
    help = "Store a classifier's predictions from a CSV file with the columns image, split and predicted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="DATASET", help="NAME, or NAME@VERSION for an older version")
        parser.add_argument("file", metavar="FILE", type=Path, help="image: the file name in the data set's source")
        parser.add_argument("--name", required=True, help="what the base model is called")
        parser.add_argument("--l2", type=positive, default=settings.DEFAULT_L2, metavar="λ", help="for retraining")
        parser.add_argument("--allow-missing", action="store_true", help="images without a prediction are not shown")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            base_model, created = import_predictions(
                find_dataset(options["dataset"]),
                name=options["name"],
                file=options["file"],
                l2=options["l2"],
                allow_missing=options["allow_missing"],
            )
        missing = len(base_model.training["missing_images"])
        self.stdout.write(f"{'Stored' if created else 'Nothing to do: already stored'} {base_model}")
        if missing:
            self.stdout.write(f"{missing} validation or test images have no prediction and are not shown")
        for line in base_model_report(base_model):
            self.stdout.write(line)
