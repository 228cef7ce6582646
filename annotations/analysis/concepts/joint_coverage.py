"""What the best concepts of a class explain together, from the stored scores of their phrases."""

from functools import lru_cache

from annotations.models import BaseModel
from annotations.readings.datasets.class_images import class_images
from annotations.readings.phrases import score_arrays as reading
from modeling.arrays.concepts.explained_errors import Explained, explain


@lru_cache(maxsize=1_024)
def explained(base_model: int, label: int, scores: tuple[int, ...], numbers: tuple[int, ...]) -> Explained:
    """Return what the best concepts of a class explain together. scores: ids; numbers: the concept of each.

    Kept, since neither a score nor a base model changes. Raises BadDataset, and NothingToSeparate where a half of the
    images lacks right or wrong ones.
    """
    shown = BaseModel.objects.select_related("dataset").get(pk=base_model)
    images = class_images(shown, label)
    embedded = shown.dataset.files.array("similarity")[images.rows]
    return explain(reading.similarities_of(scores), numbers, images.is_error, embedded)
