"""What the commands that make a base model say about it."""

from collections.abc import Iterator

from annotations.models import BaseModel
from annotations.readings.datasets.target_classes import default_target_class
from modeling.arrays.datasets.groups import group_names

MAX_LISTED = 20


def base_model_report(base_model: BaseModel) -> Iterator[str]:
    """The lines: accuracy of each class on validation, of each group on test, and the default target class."""
    dataset, metrics = base_model.dataset, base_model.test_metrics
    yield "Accuracy on validation: " + _listed(dataset.class_names, base_model.validation_accuracies)
    yield "Accuracy on test by group: " + _listed(
        group_names(dataset.class_names, dataset.attribute_names), metrics["accuracies"]
    )
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
