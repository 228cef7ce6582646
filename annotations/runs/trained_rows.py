"""Which rows of a head a retraining moves: all, or with many classes those of a few."""

from annotations.datasets.class_images import evaluated
from annotations.models import BaseModel
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.confused_classes import most_confused

MANY_CLASSES = 200  # with more, only some rows of the base model's head are trained
CONFUSED = 10


def has_many_classes(base_model: BaseModel) -> bool:
    """Return whether retraining starts from the base model's head, which is known, and moves some of its rows."""
    return base_model.has_head and len(base_model.dataset.class_names) > MANY_CLASSES


def rows_to_train(base_model: BaseModel, target_class: int) -> list[int] | None:
    """Return the rows that retraining with a class moves, sorted: its own and those it is most confused with.

    None for all rows, with few classes or an unknown head. Validation images alone say what is confused. Raises
    BadDataset, NothingToEvaluate.
    """
    if not has_many_classes(base_model):
        return None
    predicted, labels = evaluated(base_model.dataset.files, base_model.predicted, Split.VALIDATION)
    return sorted([target_class, *most_confused(predicted, labels, target_class, CONFUSED).tolist()])
