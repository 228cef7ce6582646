"""What is measured of runs after they are trained: the interval of their own gain, and what their words did."""

from dataclasses import asdict
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.models import BaseModel, Run
from annotations.models.arrays import unpack_int32
from annotations.queue import worker_wakeup
from annotations.runs import retraining as runs
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.datasets.dataset_files import DatasetFiles, Split
from clarify_errors.arrays.retraining.annotation import Annotation
from clarify_errors.arrays.retraining.own_gain_intervals import own_gain_interval, paired_counts
from clarify_errors.arrays.retraining.slice_effects import images_in_proportion, slice_effect, worst_loss
from worker.common.throttled_log import log_error_throttled
from worker.queue import worker_heartbeat

AT_ONCE = 200  # runs of a turn; those that wait to be trained come before the next
PICTURES = 10  # that a page shows of the images that a run's words select


def measure_missing_intervals() -> int:
    """Measure runs that nobody has measured yet; return how many were.

    Those of files that are away wait for them. Raises OperationalError.
    """
    found = runs.unmeasured().select_related("base_model__dataset", "control").order_by("base_model", "pk")
    n_measured = 0
    for base_model, lacking in groupby(found.defer("head")[:AT_ONCE], lambda run: run.base_model):
        try:
            n_measured += sum(_measure(run, base_model) for run in lacking)
        except ModelingError as error:
            log_error_throttled(f"measures of runs on {base_model} are on hold: {error}")
    if n_measured == AT_ONCE:
        worker_wakeup.send(worker_wakeup.TRAIN_RUNS)
    return n_measured


def _measure(run: Run, base_model: BaseModel) -> bool:
    assert run.control is not None and run.test_predictions is not None, "a run that lacks it is done beside a control"
    files = base_model.dataset.files
    rows = files.rows(Split.TEST)
    after, control = (unpack_int32(each) for each in (run.test_predictions, run.control.test_predictions))
    labels, groups, annotation = files.labels[rows], files.groups[rows], run.annotation
    interval = own_gain_interval(paired_counts(after == labels, control == labels, groups))
    predicted = {"before": base_model.predicted[rows], "control": control, "after": after}
    effect = {} if annotation is None else _effect(annotation, files, predicted, rows, seed=run.pk)
    runs.store_measured(run, interval.low, interval.high, effect)
    worker_heartbeat.touch()
    return True


def _effect(
    annotation: Annotation,
    files: DatasetFiles,
    predicted: dict[str, NDArray[np.int32]],
    rows: NDArray[np.int64],
    seed: int,
) -> dict[str, Any]:
    """What became of the test images that the words select, as JSON. predicted: classes of the rows, by model.

    Images that the base model has no prediction of are left out.
    """
    known = predicted["before"] != BaseModel.NO_PREDICTION
    rows, predicted = rows[known], {name: classes[known] for name, classes in predicted.items()}
    labels = files.labels[rows]
    right = {name: classes == labels for name, classes in predicted.items()}
    members = annotation.members(files.array("similarity"), rows, labels)
    of_slice = {name: marks[members] for name, marks in right.items()}
    shown = images_in_proportion(of_slice["before"], of_slice["after"], PICTURES, (seed,))
    at = np.flatnonzero(members)[shown]
    loss = worst_loss(right["before"], right["after"], files.groups[rows])
    return {
        "counts": asdict(slice_effect(**of_slice)),
        "pictures": np.stack([rows[at], predicted["before"][at], predicted["after"][at]], axis=1).tolist(),
        "lost": asdict(loss) if loss else None,
    }
