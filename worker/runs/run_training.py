"""Retraining in batches: due runs in, heads and their test metrics out.

The rules are in annotations.runs.retraining.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from functools import partial

from django.db import transaction

from annotations.base import redis_counters
from annotations.models import Run
from annotations.runs import retraining as runs
from annotations.runs.controls import ControlKey
from annotations.runs.retraining import TrainingBatch
from clarify_errors.arrays.common.modeling_errors import SliceTooSmall
from clarify_errors.arrays.common.steps import after_each_step, step_done
from clarify_errors.arrays.datasets.dataset_files import BadDataset
from clarify_errors.arrays.embeddings.training_features import NoRoom
from worker.common.throttled_log import log_error_throttled
from worker.datasets.head_training import Weighed, heads_at_once, weigh
from worker.queue.drain import drain
from worker.queue.worker_heartbeat import every_few_seconds
from worker.runs import controls

logger = logging.getLogger(__name__)

NO_FEATURES = "the data set has no classifier features, so models cannot be retrained on it"


def train_due_runs() -> int:
    """Train every due run; returns how many were done or refused. Raises OperationalError.

    Runs on a data set whose files are missing wait, and where the disk has no room to train: that is nobody's attempt.
    """
    runs.fail_exhausted_runs()
    return sum(_train_due(batch) for batch in runs.due_batches())


def train_batch(batch: TrainingBatch, ids: Collection[int]) -> list[int]:
    """Train those of a batch's claimed runs that have no result yet, all at once; returns their ids. All or none.

    No transaction is open meanwhile: each step of the solver renews the lease, and one short transaction stores.
    """
    claimed = runs.claimed_runs(ids)
    try:
        with after_each_step(every_few_seconds(partial(runs.renew_lease, claimed))):
            results = _results(batch, claimed)
    except runs.LeaseLost:
        logger.warning("runs of %s were erased, or claimed by another worker, while they were trained", batch)
        return []
    with transaction.atomic():
        for store in results:
            store()
    return [run.pk for run in claimed]


def _train_due(batch: TrainingBatch) -> int:
    try:
        limit = heads_at_once(batch.dataset, len(batch.rows))
    except (BadDataset, NoRoom) as error:
        log_error_throttled(f"runs on {batch} are on hold: {error}")
        return 0
    claim = partial(runs.claim_runs, batch, limit=limit)
    return drain(claim, partial(train_batch, batch), runs.fail_run, runs.give_back_runs)


def _results(batch: TrainingBatch, claimed: Collection[Run]) -> list[Callable[[], object]]:
    """Train the runs that can be, an annotation that several people made once; return what stores each one's result.

    The controls that are missing are trained in the same batch, and stored.
    """
    if "features" not in batch.dataset.files.manifest.arrays:
        return [partial(runs.refuse_run, run, NO_FEATURES) for run in claimed]
    trainable, results = _weighed(claimed)
    if not trainable:
        return results
    keys = {ControlKey.of(run) for same, _ in trainable for run in same}
    began = time.monotonic()
    heads, control_of = controls.train_beside(batch, [weighed.weights for _, weighed in trainable], keys)
    redis_counters.tally("solver_seconds", time.monotonic() - began)
    redis_counters.tally("solved_runs", sum(len(same) for same, _ in trainable))
    for (same, weighed), head in zip(trainable, heads, strict=True):
        sizes = {"n_above": weighed.slices.n_above, "n_below": weighed.slices.n_below}
        columns = head.columns  # its files are written here, before there is a transaction
        step_done()
        for run in same:
            results.append(partial(runs.store_run, run, columns, control=control_of[ControlKey.of(run)], **sizes))
    return results


def _weighed(claimed: Iterable[Run]) -> tuple[list[tuple[list[Run], Weighed]], list[Callable[[], object]]]:
    """Return runs of one annotation together, with its weights, and what refuses those whose slices are too small."""
    alike: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for run in claimed:
        alike[run.annotation_digest, run.min_slice_size].append(run)
    trainable: list[tuple[list[Run], Weighed]] = []
    refused: list[Callable[[], object]] = []
    for same in alike.values():
        try:
            trainable.append((same, weigh(same[0])))
        except SliceTooSmall as error:
            refused += [partial(runs.refuse_run, run, str(error), too_small=error) for run in same]
        step_done()
    return trainable, refused
