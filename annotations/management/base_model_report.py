"""What the commands that make a base model say about it, and the frame of those that bring one from elsewhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.management import CommandParser

from annotations.datasets.class_images import default_target_class
from annotations.datasets.dataset_registration import find_dataset
from annotations.management.plain_command import PlainCommand, add_dataset, positive
from annotations.models import BaseModel, Dataset

MAX_LISTED = 20


class BringingCommand(PlainCommand):
    """Stores a base model that was made elsewhere."""

    file_help: ClassVar[str]

    def add_arguments(self, parser: CommandParser) -> None:
        add_dataset(parser)
        parser.add_argument("file", metavar="FILE", type=Path, help=self.file_help)
        parser.add_argument("--name", required=True, help="name of the base model")
        parser.add_argument("--l2", type=positive, default=settings.DEFAULT_L2, metavar="λ", help="for retraining")

    def handle(self, *args: Any, dataset: str, **options: Any) -> None:
        base_model, created = self.bring(find_dataset(dataset), options)
        self.stdout.write(f"{'Stored' if created else 'Nothing to do: already stored'} {base_model}")
        if missing := len(base_model.training.get("missing_images", ())):
            self.stdout.write(f"{missing} validation or test images have no prediction and are not shown")
        self.tell(base_model_report(base_model))

    def bring(self, dataset: Dataset, options: dict[str, Any]) -> tuple[BaseModel, bool]:
        """Store what the file holds; return also whether it is new."""
        raise NotImplementedError


def base_model_report(base_model: BaseModel) -> Iterator[str]:
    """The lines: accuracy of each class on validation, of each group on test, and the default target class."""
    dataset, metrics = base_model.dataset, base_model.test_metrics
    yield "Accuracy on validation: " + _listed(dataset.class_names, base_model.validation_accuracies)
    yield "Accuracy on test by group: " + _listed(dataset.group_names, metrics["accuracies"])
    yield (
        f"Test: worst group {metrics['worst_group']:.3f}, average {metrics['average']:.3f} "
        f"(plain {metrics['average_plain']:.3f}), gap {metrics['gap']:.3f}"
    )
    if any(share is not None for share in base_model.validation_accuracies):  # not of a second test set
        target = dataset.class_names[default_target_class(base_model)]
        yield f"The class with the highest error rate, and so the default target: {target}"


def _listed(names: list[str], accuracies: list[float | None]) -> str:
    """Each with its accuracy; of very many the worst, and how many more there are."""
    pairs = list(zip(names, accuracies, strict=True))
    if len(pairs) <= MAX_LISTED:
        return "; ".join(_with_accuracy(*pair) for pair in pairs)
    worst = sorted((pair for pair in pairs if pair[1] is not None), key=lambda pair: pair[1] or 0.0)[:MAX_LISTED]
    return f"{'; '.join(_with_accuracy(*pair) for pair in worst)}; and {len(pairs) - len(worst):,} more, not worse"


def _with_accuracy(name: str, accuracy: float | None) -> str:
    return f"{name} {'none' if accuracy is None else format(accuracy, '.3f')}"
