"""Retraining in batches: due runs in, heads and their test metrics out.

The rules are in annotations.services.retraining.runs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import partial

from django.db import transaction

from annotations.models import Run
from annotations.services.retraining import runs
from annotations.services.retraining.controls import ControlKey
from annotations.services.retraining.runs import TrainedRun, TrainingBatch
from modeling.arrays.common.modeling_errors import SliceTooSmall
from modeling.arrays.datasets.dataset_files import BadDataset
from worker.common.throttled_log import log_error_throttled
from worker.datasets.head_training import Weighed, heads_at_once, weigh
from worker.queue.drain import drain
from worker.retraining import controls

NO_FEATURES = "the data set has no classifier features, so models cannot be retrained on it"


def train_due_runs() -> int:
    """Train every due run; returns how many were done or refused. Raises OperationalError.

    Runs on a data set whose files are missing wait: that is nobody's attempt.
    """
    runs.fail_exhausted_runs()
    return sum(_train_due(batch) for batch in runs.due_batches())


def train_batch(batch: TrainingBatch, ids: Collection[int]) -> list[int]:
    """Train those of a batch's claimed runs that are still due, all at once; returns their ids. All or none."""
    with transaction.atomic():
        due = runs.lock_runs(ids)
        if "features" not in batch.dataset.files.manifest.arrays:
            for run in due:
                runs.refuse_run(run, NO_FEATURES)
        else:
            _train(batch, due)
    return [run.pk for run in due]


def _train_due(batch: TrainingBatch) -> int:
    try:
        limit = heads_at_once(batch.dataset)
    except BadDataset as error:
        log_error_throttled(f"runs on {batch} are on hold: {error}")
        return 0
    return drain(partial(runs.claim_runs, batch, limit=limit), partial(train_batch, batch), runs.fail_run)


def _train(batch: TrainingBatch, due: Iterable[Run]) -> None:
    """Train the runs that can be, an annotation that several people made once, and the controls that are missing."""
    trainable = _weighed(due)
    if not trainable:
        return
    keys = {ControlKey.of(run) for same, _ in trainable for run in same}
    heads, control_of = controls.train_beside(batch, [weighed.weights for _, weighed in trainable], keys)
    for (same, weighed), head in zip(trainable, heads, strict=True):
        for run in same:
            sizes = weighed.slices.n_above, weighed.slices.n_below
            runs.store_run(run, TrainedRun(*sizes, head, control_of[ControlKey.of(run)]))


def _weighed(due: Iterable[Run]) -> list[tuple[list[Run], Weighed]]:
    """Return runs of one annotation together, with its weights; refuse those whose slices are too small."""
    alike: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for run in due:
        alike[run.annotation_digest, run.min_slice_size].append(run)
    trainable: list[tuple[list[Run], Weighed]] = []
    for same in alike.values():
        try:
            trainable.append((same, weigh(same[0])))
        except SliceTooSmall as error:
            for run in same:
                runs.refuse_run(run, str(error), too_small=error)
    return trainable
