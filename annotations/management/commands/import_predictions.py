"""Brings the predictions of any classifier, so that its errors can be studied."""

from typing import Any

from django.core.management import CommandParser

from annotations.datasets.base_models import import_predictions
from annotations.management.base_model_report import BringingCommand
from annotations.models import BaseModel, Dataset


class Command(BringingCommand):
    help = "Store a classifier's predictions from a CSV file with the columns image, split and predicted."
    file_help = "image: the file name in the data set's source"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--allow-missing", action="store_true", help="images without a prediction are not shown")

    def bring(self, dataset: Dataset, options: dict[str, Any]) -> tuple[BaseModel, bool]:
        return import_predictions(dataset, **{name: options[name] for name in ("name", "file", "l2", "allow_missing")})
