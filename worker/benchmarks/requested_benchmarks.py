"""Measures what other methods reach beside a study: one method of one benchmark a call, so that runs get their turn."""

from typing import Any

from django.conf import settings

from annotations.models import Benchmark
from annotations.queue import jobs
from annotations.results import benchmark_requests
from clarify_errors.arrays.common.progress import silent
from worker.benchmarks.method_inputs import Bench
from worker.benchmarks.method_runner import run_benchmark
from worker.benchmarks.methods import Method, find_methods
from worker.benchmarks.outcomes import Figure, Row
from worker.benchmarks.paired_bootstrap import GroupedLabels, resample, with_intervals
from worker.benchmarks.provenance import machine, settings_document, versions
from worker.benchmarks.published_settings import PUBLISHED
from worker.benchmarks.stored_benchmarks import packed
from worker.queue.due_jobs import work_on_due


def measure_due_benchmark() -> int:
    """Measure the next method of a due benchmark; returns 1, or 0 where none is due. Raises OperationalError."""
    return work_on_due(Benchmark, measure_next, most=1)


def measure_next(benchmark: Benchmark) -> None:
    """Measure the next method of a benchmark that is held, and store it. Raises JobLost and what training raises."""
    (method,) = find_methods([benchmark.methods[len(benchmark.rows)]])
    jobs.beat(benchmark, phase=f"measuring {method.name}")
    bench = _bench(benchmark)
    measured = run_benchmark(bench, [method], (), silent)
    (row,) = with_intervals(measured, resample(GroupedLabels.of(bench.dataset), measured))
    computed_with = {**settings_document(bench), "versions": versions(), "machine": machine()}
    benchmark_requests.store_row(benchmark, row_document(method, row), computed_with)


def row_document(method: Method, row: Row) -> dict[str, Any]:
    """Return a row as `Benchmark.rows` keeps it."""
    worst, average = row.spread(Figure.WORST_GROUP), row.spread(Figure.AVERAGE)
    interval = row.intervals.get(Figure.WORST_GROUP)
    return {
        "method": row.method,
        "name": row.name,
        "given": method.given.value,
        "over": row.over.value,
        "n": worst.n,
        "worst_group": worst.mean,
        "worst_group_sd": worst.sd,
        "average": average.mean,
        "average_sd": average.sd,
        "gap": row.spread(Figure.GAP).mean,
        "plain_average": row.spread(Figure.AVERAGE_PLAIN).mean,
        "left_out": row.left_out,
        "worst_group_low": interval.low if interval else None,
        "worst_group_high": interval.high if interval else None,
        "predictions": [
            {"name": each.name, "zlib": packed(each.predictions), "sha256": each.predictions_sha256}
            for each in row.classifiers
        ],
    }


def _bench(benchmark: Benchmark) -> Bench:
    """With the base model's λ, and prompts and settings as published where the data set's name says so."""
    base_model, name = benchmark.base_model, benchmark.base_model.dataset.name
    published = name if name in PUBLISHED else None
    return Bench(base_model.dataset, base_model.l2, min_slice_size=settings.MIN_SLICE_SIZE, published=published)
