"""The queue `retrain`: last layers."""

from annotations.queue import worker_wakeup
from worker.benchmarks.requested_benchmarks import measure_due_benchmark
from worker.corrections import train_due_corrections
from worker.runs.gain_intervals import measure_missing_intervals
from worker.runs.random_slices import train_missing_random_slices
from worker.runs.run_training import train_due_runs
from worker.tasks import task

train_runs = task(  # then what runs are judged beside
    worker_wakeup.TRAIN_RUNS,
    (train_due_runs, "runs trained"),
    (measure_missing_intervals, "runs given the interval of their own gain"),
    (train_missing_random_slices, "runs given their random slices"),
)
benchmark_baselines = task(worker_wakeup.BENCHMARK_BASELINES, (measure_due_benchmark, "methods measured"))
train_corrections = task(worker_wakeup.TRAIN_CORRECTIONS, (train_due_corrections, "corrections ended"))
