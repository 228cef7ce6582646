"""Brings a last layer that was trained elsewhere, so that its errors can be studied."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandParser

from annotations.management.arguments import positive
from annotations.management.base_model_report import base_model_report
from annotations.management.plain_errors import plain_errors
from annotations.services.datasets.base_models import store_imported_head
from annotations.services.datasets.dataset_registration import find_dataset
from worker.datasets.brought_heads import SUFFIXES, read_head


class Command(BaseCommand):
    help = "Store a last layer from a file, with its predictions on a data set's features."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="DATASET", help="NAME, or NAME@VERSION for an older version")
        parser.add_argument("file", metavar="FILE", type=Path, help=f"weight and bias, as {', '.join(SUFFIXES)}")
        parser.add_argument("--name", required=True, help="what the base model is called")
        parser.add_argument("--l2", type=positive, default=settings.DEFAULT_L2, metavar="λ", help="for retraining")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            dataset, file = find_dataset(options["dataset"]), options["file"]
            head = read_head(file, dataset)
            base_model, created = store_imported_head(
                dataset, name=options["name"], file=file, head=head, l2=options["l2"]
            )
        self.stdout.write(f"{'Stored' if created else 'Nothing to do: already stored'} {base_model}")
        for line in base_model_report(base_model):
            self.stdout.write(line)
