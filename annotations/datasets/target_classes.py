"""Which classes of a base model participants can be shown."""

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel, Task
from clarify_errors.arrays.common.modeling_errors import NothingToEvaluate
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, Split
from clarify_errors.arrays.retraining.group_accuracies import hardest_class


def default_target_class(base_model: BaseModel) -> int:
    """Return the class with the highest error rate on the validation images that have a prediction."""
    predicted, labels = evaluated(base_model.dataset.files, base_model.predicted, Split.VALIDATION)
    return hardest_class(predicted, labels, len(base_model.dataset.class_names))


def resolved_target_class(task: Task) -> int:
    """Return the number of the class that participants will see: the one given, or the one with most errors.

    Raises BadDataset where the data set's directory does not open, NothingToEvaluate where nothing has a prediction.
    """
    return default_target_class(task.base_model) if task.target_class is None else task.target_class


def classes_with_errors(base_model: BaseModel) -> list[int]:
    """Return the classes of which the model gets some validation images wrong and some right, the worst first."""
    shares = enumerate(base_model.validation_accuracies)
    return [number for share, number in sorted((s, n) for n, s in shares if s is not None and 0 < s < 1)]


def evaluated(
    files: DatasetFiles, predictions: NDArray[np.int32], split: Split
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return predicted class and label of the split's images that have a prediction, each int32[m].

    Raises NothingToEvaluate where none has.
    """
    rows = files.rows(split)
    rows = rows[predictions[rows] != BaseModel.NO_PREDICTION]
    if not len(rows):
        raise NothingToEvaluate(
            f"No {split.word} image has a prediction, so no class can be studied. Add predictions for this split."
        )
    return predictions[rows], files.labels[rows]
