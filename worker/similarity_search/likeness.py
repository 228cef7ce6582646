"""How alike the images of a data set are, and from which similarity on two of them are therefore near-duplicates."""

from typing import Any

import numpy as np

from annotations.models import Dataset
from modeling.arrays.common.progress import Progress
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.embeddings.duplicate_limits import duplicate_limit
from modeling.tensors.similarity_search.near_duplicates import similarities_to_nearest
from modeling.tensors.similarity_search.search_protocol import SimilaritySearch

MAX_IMAGES = 5_000  # evaluation images that are looked at; of more, a sample
_SEED = 0
_OTHERS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995)


def likeness_of(dataset: Dataset, array: str, index: SimilaritySearch, tell: Progress) -> dict[str, Any]:
    """Return the limit that follows from the evaluation images, and how many of them are above it and above others.

    The same data set gives the same limit. In JSON: limit, n_looked_at, n_above as [limit, images].
    """
    files = dataset.files
    evaluation = np.flatnonzero(files.splits != Split.TRAIN)
    some = np.sort(np.random.default_rng(_SEED).permutation(evaluation)[:MAX_IMAGES])
    nearest = similarities_to_nearest(index, files.array(array), some, tell)
    limit = duplicate_limit(nearest)
    above = [[each, int((nearest > np.float32(each)).sum())] for each in sorted({limit, *_OTHERS})]
    return {"limit": limit, "n_looked_at": len(some), "n_above": above}
