"""Imports a folder of images as a new version of a data set."""

from typing import Any

from django.conf import settings

from annotations.management.plain_command import PlainCommand
from modeling.arrays.datasets.importing.sources import ALL_FORMATS
from worker.common.progress_bars import ProgressBars
from worker.datasets.dataset_import import import_folder, import_report

_SAME = "similarity_encoder", "feature_encoder", "class_names", "attribute_names", "columns", "engine"


class Command(PlainCommand):
    more = {
        "--format": {"choices": ALL_FORMATS},
        "--similarity-encoder": {"default": settings.DEFAULT_SIMILARITY_ENCODER},
        "--engine": {"default": settings.IMPORT_ENGINE},
    }

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
