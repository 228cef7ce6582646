"""Brings the predictions of any classifier, so that its errors can be studied."""

from typing import Any

from annotations.datasets.base_models import import_predictions
from annotations.management.base_model_report import BringingCommand
from annotations.models import BaseModel, Dataset


class Command(BringingCommand):
    def bring(self, dataset: Dataset, options: dict[str, Any]) -> tuple[BaseModel, bool]:
        return import_predictions(dataset, **{name: options[name] for name in ("name", "file", "l2", "allow_missing")})
