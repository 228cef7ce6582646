"""The intervals of runs' own gains, measured after the runs are trained."""

from itertools import groupby

from annotations.models import Run
from annotations.models.arrays import unpack_int32
from annotations.queue import worker_wakeup
from annotations.runs import retraining as runs
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.own_gain_intervals import own_gain_interval, paired_counts
from worker.common.throttled_log import log_error_throttled
from worker.queue import worker_heartbeat

AT_ONCE = 200  # runs of a turn; those that wait to be trained come before the next


def measure_missing_intervals() -> int:
    """Measure runs that lack the interval of their own gain; return how many got theirs.

    Those of files that are away wait for them. Raises OperationalError.
    """
    found = runs.without_interval().select_related("base_model__dataset", "control").order_by("base_model", "pk")
    n_measured = 0
    for base_model, lacking in groupby(found.defer("head")[:AT_ONCE], lambda run: run.base_model):
        try:
            n_measured += sum(map(_measure, lacking))
        except ModelingError as error:
            log_error_throttled(f"intervals of runs on {base_model} are on hold: {error}")
    if n_measured == AT_ONCE:
        worker_wakeup.send(worker_wakeup.TRAIN_RUNS)
    return n_measured


def _measure(run: Run) -> bool:
    assert run.control is not None and run.test_predictions is not None, "a run that lacks it is done beside a control"
    files = run.base_model.dataset.files
    rows = files.rows(Split.TEST)
    labels = files.labels[rows]
    of_run, of_control = (unpack_int32(each) == labels for each in (run.test_predictions, run.control.test_predictions))
    interval = own_gain_interval(paired_counts(of_run, of_control, files.groups[rows]))
    runs.store_interval(run, interval.low, interval.high)
    worker_heartbeat.touch()
    return True
