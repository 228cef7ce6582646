"""Sweeps of due phrases, data set by data set, batch after batch; rules: annotations.phrases.scoring."""

from functools import partial

from annotations.models import Dataset
from annotations.phrases import scoring
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.tensors.encoders import EncoderUnavailable
from worker.common import process_cache
from worker.common.throttled_log import log_error_throttled
from worker.phrases.phrase_scores import score_batch
from worker.queue.drain import drain


def score_due_phrases() -> int:
    """Score every due phrase; returns how many got their score. Raises OperationalError.

    Phrases of a data set whose encoder or files are missing wait: that is nobody's attempt.
    """
    datasets = scoring.due_datasets()
    if datasets:
        scoring.fail_exhausted_phrases()
    return sum(_score_due(dataset) for dataset in datasets)


def _score_due(dataset: Dataset) -> int:
    try:
        encoder = process_cache.text_encoder(dataset)
    except (EncoderUnavailable, BadDataset) as error:
        log_error_throttled(f"phrases on {dataset} are on hold: {error}")
        return 0
    return drain(
        partial(scoring.claim_phrases, dataset),
        partial(score_batch, encoder, dataset),
        scoring.fail_phrase,
        scoring.give_back_phrases,
    )
