"""Searches that staff asked for, in the index of their data set."""

import numpy as np
from numpy.typing import NDArray

from annotations.models import Dataset, ImageIndex, ImageSearch
from annotations.services.queue import jobs
from modeling.tensors.similarity_search.example_queries import query_of_examples
from modeling.tensors.similarity_search.index_manifest import BadIndex
from worker.common import process_cache
from worker.queue.due_jobs import work_on_due
from worker.similarity_search.image_indexes import ARRAY, open_index_of

COUNT = 60  # images that a search finds, beside its examples


def answer_due_searches() -> int:
    """Answer every search that is due, the oldest first; return how many ended. Raises OperationalError."""
    return work_on_due(ImageSearch, _answer)


def _answer(search: ImageSearch) -> None:
    dataset, examples = search.dataset, {*search.like, *search.unlike}
    index = ImageIndex.objects.usable(dataset)
    if index is None:
        raise BadIndex("this data set has no index; build it")
    query = _query(dataset, search)
    found = open_index_of(dataset, index).nearest(query, COUNT + len(examples))
    pairs = zip(found.rows[0].tolist(), found.similarities[0].tolist(), strict=True)
    others = [(row, value) for row, value in pairs if row >= 0 and row not in examples][:COUNT]
    jobs.finish(
        search,
        rows=[row for row, _ in others],
        similarities=[value for _, value in others],
        is_exact=found.is_exact,
    )


def _query(dataset: Dataset, search: ImageSearch) -> NDArray[np.float32]:
    """The query of the words and the examples. Raises BadArray, EncoderUnavailable, BadDataset."""
    rows = dataset.files.array(ARRAY)
    like = rows[search.like]
    if search.words:
        like = np.concatenate([process_cache.text_encoder(dataset).encode_texts([search.words]), like])
    return query_of_examples(like, rows[search.unlike])
