"""Brings a last layer that was trained elsewhere, so that its errors can be studied."""

from typing import Any

from annotations.datasets.base_models import store_imported_head
from annotations.management.base_model_report import BringingCommand
from annotations.models import BaseModel, Dataset
from worker.datasets.brought_heads import SUFFIXES, read_head


class Command(BringingCommand):
    help = "Store a last layer from a file, with its predictions on a data set's features."
    file_help = f"weight and bias, as {', '.join(SUFFIXES)}"

    def bring(self, dataset: Dataset, options: dict[str, Any]) -> tuple[BaseModel, bool]:
        given, file = {name: options[name] for name in ("name", "l2")}, options["file"]
        return store_imported_head(dataset, file=file, head=read_head(file, dataset), **given)
