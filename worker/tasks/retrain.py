"""The queue `retrain`: last layers."""

from annotations.services.queue import worker_wakeup
from clarify_site.celery import app
from worker.benchmarks.requested_benchmarks import measure_due_benchmark
from worker.queue.drain import sweep
from worker.retraining.corrections import train_due_corrections
from worker.retraining.random_slices import train_missing_random_slices
from worker.retraining.run_training import train_due_runs


@app.task(name=worker_wakeup.TRAIN_RUNS)
def train_runs() -> None:
    """Train every due run, then what runs are judged beside."""
    sweep(train_due_runs, "runs trained")
    sweep(train_missing_random_slices, "runs given their random slices")


@app.task(name=worker_wakeup.BENCHMARK_BASELINES)
def benchmark_baselines() -> None:
    """Measure one method of a due benchmark."""
    sweep(measure_due_benchmark, "methods measured")


@app.task(name=worker_wakeup.TRAIN_CORRECTIONS)
def train_corrections() -> None:
    """Train every pooled correction that was asked for."""
    sweep(train_due_corrections, "corrections ended")
