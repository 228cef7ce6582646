"""Searches that staff asked for, in the index of their data set."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from annotations.corrections.correction_candidates import embedding_space
from annotations.models import Dataset, ImageIndex, ImageSearch
from annotations.queue import jobs
from clarify_errors.tensors.similarity_search.example_queries import query_of_examples
from clarify_errors.tensors.similarity_search.index_manifest import BadIndex
from worker.common import process_cache
from worker.datasets.index_builds import ARRAY, open_index_of
from worker.datasets.shown_images import show
from worker.queue.due_jobs import work_on_due

COUNT = 60  # images that a search finds, beside its examples


def answer_due_searches() -> int:
    """Answer every search that is due, the oldest first; return how many ended. Raises OperationalError."""
    return work_on_due(ImageSearch, _answer)


def _answer(search: ImageSearch) -> None:
    target = search.target
    examples = {row for number, row in (*search.like, *search.unlike) if number == target.pk}
    index = ImageIndex.objects.usable(target)
    if index is None:
        raise BadIndex("this data set has no index; build it")
    if embedding_space(target, ARRAY) != embedding_space(search.dataset, ARRAY):
        raise BadIndex(f"the images of {target} and {search.dataset} come from different encoders")
    query = _query(search)
    found = open_index_of(target, index).nearest(query, COUNT + len(examples))
    pairs = zip(found.rows[0].tolist(), found.similarities[0].tolist(), strict=True)
    others = [(row, value) for row, value in pairs if row >= 0 and row not in examples][:COUNT]
    seen = show(target, [row for row, _ in others])
    others = [(row, value) for row, value in others if row in seen]
    jobs.finish(
        search,
        rows=[row for row, _ in others],
        similarities=[value for _, value in others],
        is_exact=found.is_exact,
    )


def _query(search: ImageSearch) -> NDArray[np.float32]:
    """The query of the words and the examples. Raises BadArray, BadIndex, EncoderUnavailable, BadDataset."""
    like = _embeddings(search.dataset, search.like)
    if search.words:
        like = np.concatenate([process_cache.text_encoder(search.dataset).encode_texts([search.words]), like])
    return query_of_examples(like, _embeddings(search.dataset, search.unlike))


def _embeddings(dataset: Dataset, examples: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
    """Embeddings of m images of a data set or of pools, float32[m, d]."""
    found = [dataset.files.array(ARRAY)[:0]]
    datasets = Dataset.objects.in_bulk({number for number, _ in examples})
    for number, row in examples:
        of = datasets.get(number)
        if of is None or embedding_space(of, ARRAY) != embedding_space(dataset, ARRAY):
            raise BadIndex("an example is of a pool that has changed since; search again without it")
        found.append(of.files.array(ARRAY)[row : row + 1])
    return np.concatenate(found)
