"""Runs: planned from the scored phrases of an ended assignment, taken up by a worker, finished exactly once.

A worker claims a run for the time of a lease, and renews that from the steps of its solver (docs/decisions/0051).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from annotations.base.data_store.stored_files import StoredFile
from annotations.base.row_changes import change
from annotations.base.version import CODE_VERSION
from annotations.log import events
from annotations.log.events import partial_state, row_state
from annotations.models import (
    Assignment,
    BaseModel,
    Dataset,
    EndReason,
    RandomSlices,
    Run,
    RunState,
    Score,
    ThresholdChoice,
    event_kinds,
)
from annotations.models.arrays import pack_int32
from annotations.queue import worker_wakeup
from annotations.queue.claims import MAX_ATTEMPTS, claim, exhausted, give_back
from annotations.runs.trained_rows import rows_to_train
from clarify_errors.arrays.common.modeling_errors import SliceTooSmall
from clarify_errors.arrays.retraining.group_accuracies import GroupMetrics
from clarify_errors.arrays.retraining.heads import Head

NO_THRESHOLD = "the error score is 0, so there is no similarity threshold"

LEASE = dt.timedelta(seconds=60)  # longer than reading a large data set, in which there are no steps
_STOPPED_WORKER = f"its worker stopped {MAX_ATTEMPTS} times while it trained this run"


@dataclass(frozen=True)
class TrainingBatch:
    """What runs that are trained together share: the data set, with its features and labels, λ, and the trained rows.

    rows: sorted; empty where all are trained. base_model: whose other rows stay; None where there are none. The
    rest of what a run is trained for is its annotation, as weights of the images. Runs of several base models of a data
    set can share a batch of all rows, since a base model's predictions are in a run's threshold and nowhere else.
    """

    dataset: Dataset
    l2: float
    base_model: BaseModel | None = None
    rows: tuple[int, ...] = ()

    @classmethod
    def of(cls, trained: Run | RandomSlices) -> "TrainingBatch":
        """Return the batch that a run or a set of random slices is in."""
        dataset = trained.base_model.dataset if isinstance(trained, Run) else trained.dataset
        if trained.trained_rows is None:
            return cls(dataset, trained.l2)
        return cls(dataset, trained.l2, trained.base_model, tuple(trained.trained_rows))

    @property
    def columns(self) -> dict[str, Any]:
        """Its columns in the tables of controls and of random slices."""
        rows = list(self.rows) or None
        return {"dataset": self.dataset, "l2": self.l2, "base_model": self.base_model, "trained_rows": rows}

    def among(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        """Return those of some runs that are in it."""
        runs = runs.filter(base_model__dataset=self.dataset, l2=self.l2, trained_rows=list(self.rows) or None)
        return runs if self.base_model is None else runs.filter(base_model=self.base_model)

    def __str__(self) -> str:
        return f"{self.dataset} with λ = {self.l2:g}"


@dataclass(frozen=True)
class RetrainedHead:
    """A head as a worker hands it over: plain numbers and arrays.

    metrics: on test. test_predictions: int[n_test], in the manifest's row order. loss, certified_gap: the objective's.
    """

    metrics: GroupMetrics
    test_predictions: NDArray[np.integer]
    head: Head
    loss: float
    certified_gap: float
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def numbers(self) -> dict[str, Any]:
        """Its columns in the table of runs, and in that of controls, without those that name files."""
        return {
            "worst_group_accuracy": self.metrics.worst_group,
            "average_accuracy": self.metrics.average,
            "plain_average_accuracy": self.metrics.average_plain,
            "robustness_gap": self.metrics.gap,
            "group_accuracies": list(self.metrics.accuracies),
            "loss": self.loss,
            "certified_gap": self.certified_gap,
            "versions": self.versions,
            "code_version": CODE_VERSION,
        }

    @cached_property
    def columns(self) -> dict[str, Any]:
        """All its columns; the files that they name are written the first time. Raises StorageFailed."""
        return self.numbers | {
            "test_predictions": StoredFile.of(pack_int32(self.test_predictions)),
            "head": StoredFile.of(self.head.to_bytes()),
        }


def plan_runs(assignment: Assignment) -> int:
    """Give each scored phrase of an ended assignment its run, one for each distinct annotation.

    Returns how many are new. Phrases with the same class, text embedding, sign, threshold and scheme share a run.
    Without a threshold the run is refused at once. A threshold that the person chose gives a second run, marked as
    chosen unless it is the automatic one of some phrase. Planning again adds what is missing, and a withdrawn
    assignment gets none. The caller has locked the assignment.
    """
    if assignment.end_reason == EndReason.WITHDRAWN:
        return 0
    scores = Score.objects.filter(phrase__assignment=assignment).select_related("phrase__threshold_choice")
    scores = scores.order_by("phrase__ordinal")
    planned = [_plan(assignment, score, score) for score in scores.filter(run__isnull=True)]
    chosen = scores.filter(phrase__threshold_choice__threshold__isnull=False, phrase__threshold_choice__run=None)
    planned += [_plan(assignment, score, score.phrase.threshold_choice) for score in chosen]
    events.record_all(assignment.session.study, [entry for _, entry in planned])
    new = [run for run, _ in planned if run is not None]
    for run in new:
        if run.threshold is None:
            refuse_run(run, NO_THRESHOLD)
    if new:
        worker_wakeup.dispatch_on_commit(worker_wakeup.TRAIN_RUNS)
    return len(new)


def annotation_digest(target_class: int, text_digest: str, threshold: float | None, scheme: str, sign: int) -> str:
    """Return the SHA-256 that identifies an annotation; the threshold counts to the last bit."""
    exact = None if threshold is None else float(threshold).hex()
    annotation = [target_class, text_digest, exact, scheme, sign]
    return hashlib.sha256(json.dumps(annotation).encode()).hexdigest()


def batches_of(runs: QuerySet[Run]) -> list[TrainingBatch]:
    """Return the batches that some runs are in, those of a data set one after the other."""
    columns = "base_model__dataset_id", "l2", "trained_rows", "base_model_id"
    found = runs.order_by(*columns).values_list(*columns).distinct()
    keys = dict.fromkeys((dataset, l2, rows and shown, tuple(rows or ())) for dataset, l2, rows, shown in found)
    datasets = Dataset.objects.in_bulk({dataset for dataset, *_ in keys})
    shown = BaseModel.objects.in_bulk({base_model for *_, base_model, _ in keys if base_model})
    return [TrainingBatch(datasets[dataset], l2, shown.get(of), rows) for dataset, l2, of, rows in keys]


def store_run(run: Run, columns: Mapping[str, Any], **trained: Any) -> bool:
    """Store a run's result, unless it has one already; says whether this call did.

    columns: of its retrained head. trained: n_above and n_below, train images of the class above and not above the
    threshold; control, of its class, scheme and λ.
    """
    return _finish(run, event_kinds.RUN_DONE, state=RunState.DONE, reason="", **columns, **trained)


def fail(run: Run, reason: str) -> bool:
    """End a run that is due without a result: nobody tries it again."""
    return _finish(run, event_kinds.RUN_FAILED, state=RunState.FAILED, reason=reason)


def refuse_run(run: Run, reason: str, *, too_small: SliceTooSmall | None = None) -> bool:
    """Refuse a run that is due, with its reason, and the slices' sizes where one was too small."""
    sizes = {} if too_small is None else {"n_above": too_small.n_above, "n_below": too_small.n_below}
    return _finish(run, event_kinds.RUN_REFUSED, state=RunState.REFUSED, reason=reason, **sizes)


def _plan(assignment: Assignment, score: Score, of: Score | ThresholdChoice) -> tuple[Run | None, events.Entry]:
    """Give a score, or the threshold that the person chose, its run; return it if it is new, and what is logged."""
    task, scheme = assignment.task, assignment.session.study.scheme
    assert task.target_class is not None, "an open study's tasks have a class"
    run, is_new = Run.objects.get_or_create(
        assignment=assignment,
        annotation_digest=annotation_digest(task.target_class, score.text_digest, of.threshold, scheme, score.sign),
        defaults={
            "base_model": task.base_model,
            "target_class": task.target_class,
            "phrase_text": score.phrase.text,
            "threshold": of.threshold,
            "is_chosen": of is not score,
            "sign": score.sign,
            "scheme": scheme,
            "l2": task.base_model.l2,
            "trained_rows": rows_to_train(task.base_model, task.target_class),
            "min_slice_size": settings.MIN_SLICE_SIZE,
        },
    )
    change(of, run=run)
    # A run that was there may be trained this moment: what was read of it is older than what the log then has.
    states = [*([row_state(run)] if is_new else []), partial_state(of, "run")]
    if of is score and run.is_chosen:  # planned earlier for somebody's choice, which turns out to be the automatic one
        change(run, is_chosen=False)
        states.append(partial_state(run, "is_chosen"))
    payload = {"run": run.public_id, "assignment": assignment.public_id, "ordinal": score.phrase.ordinal}
    return run if is_new else None, events.Entry(event_kinds.RUN_PLANNED, assignment.session, states, payload)


def _finish(run: Run, event: str, **changes: Any) -> bool:
    changes |= {"finished_at": timezone.now(), "code_version": CODE_VERSION, "leased_until": None}
    with transaction.atomic():
        changed = Run.objects.filter(pk=run.pk, state=RunState.PENDING).update(**changes)
        if changed:
            for name, value in changes.items():
                setattr(run, name, value)
            ids = {"run": run.public_id, "assignment": run.assignment.public_id}
            events.record(event, run.assignment.session, run, **ids)
    return changed == 1


class LeaseLost(Exception):
    """The runs are erased, or have another worker: break off, and write nothing more."""


def due_batches() -> list[TrainingBatch]:
    """Return the batches that have runs to train, those of a data set one after the other."""
    return batches_of(_due())


def claim_runs(batch: TrainingBatch, *, limit: int, tried: Collection[int] = ()) -> list[int]:
    """Take up due runs of a batch, oldest first, for the time of a LEASE; returns their ids (see `claims.claim`)."""
    return claim(batch.among(_due()), limit=limit, tried=tried, lease=LEASE)


def claimed_runs(ids: Collection[int]) -> list[Run]:
    """Return those of the runs that still have no result, oldest first."""
    due = _pending().filter(pk__in=ids)
    due = due.select_related("base_model__dataset", "assignment__session__study", "assignment__session__participant")
    return list(due.defer("base_model__predictions"))  # long, and the same in each row


def renew_lease(claimed: Collection[Run]) -> None:
    """Hold claimed runs for another LEASE. Raises LeaseLost where none of them is there and still this worker's."""
    attempts = {run.attempts for run in claimed}  # whoever claims a run adds one
    held = _pending().filter(pk__in=[run.pk for run in claimed], attempts__in=attempts)
    if not held.update(leased_until=timezone.now() + LEASE):
        raise LeaseLost


def fail_run(run_id: int, reason: str, *, final: bool) -> None:
    """Note that an attempt failed; the run itself fails when that is final, or at the last attempt."""
    for run in claimed_runs([run_id]):
        if final or run.attempts >= MAX_ATTEMPTS:
            fail(run, reason)
        else:
            _pending().filter(pk=run_id).update(reason=reason, leased_until=None)


def give_back_runs(ids: Collection[int]) -> None:
    """Let an attempt at claimed runs count for nothing; they are due again when their lease has passed."""
    give_back(_pending(), ids)


def fail_exhausted_runs() -> int:
    """Fail the runs that stopped their worker at every attempt; returns how many."""
    with transaction.atomic():
        stuck = list(exhausted(_due()))
        for run in stuck:
            fail(run, _STOPPED_WORKER)
    return len(stuck)


def _pending() -> QuerySet[Run]:
    return Run.objects.filter(state=RunState.PENDING).order_by("created_at", "pk")


def _due() -> QuerySet[Run]:
    return _pending().filter(Q(leased_until=None) | Q(leased_until__lt=timezone.now()))


def unmeasured() -> QuerySet[Run]:
    """Return the runs that lack the interval of their own gain, or their words' effect; an index has these."""
    return Run.objects.filter(state=RunState.DONE, control__isnull=False, effect__isnull=True)


def store_measured(run: Run, low: float, high: float, effect: dict[str, Any]) -> None:
    """Store where a run's own gain lies for other test images, and what became of those that its words select.

    Both follow from the predictions of run, control and base model. effect: empty if no score has the words any more.
    """
    Run.objects.filter(pk=run.pk).update(own_gain_low=low, own_gain_high=high, effect=effect)
