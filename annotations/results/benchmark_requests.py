"""Benchmarks of base models, asked for by the staff and measured by a worker, one method at a time."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from annotations.base.version import CODE_VERSION
from annotations.log import audit
from annotations.models import BaseModel, Benchmark, JobState, Study
from annotations.queue import jobs, worker_wakeup

# Rows of the paper's tables that need no annotation, by their keys in `manage.py benchmark`.
METHODS = (
    "class_prompt",
    "group_prompt",
    "erm",
    "class_balanced",
    "worst_class",
    "group_balanced",
    "dfr",
    "worst_group",
    "group_dro",
)


@transaction.atomic
def ask(study: Study, *, by: str) -> list[Benchmark]:
    """Have the base models of a study measured that have no finished benchmark; returns those that are under way.

    Asking again while one is under way changes nothing; one that failed is begun again.
    """
    base_models = BaseModel.objects.filter(pk__in=study.tasks.values("base_model"))
    unmeasured = base_models.exclude(benchmarks__state=JobState.DONE).order_by("pk").only("pk")
    asked = [_unfinished_or_new(base_model, by) for base_model in unmeasured.select_for_update()]
    if asked:
        audit.record("ask_benchmark", study, by=by, benchmarks=[benchmark.pk for benchmark in asked])
        worker_wakeup.dispatch_on_commit(worker_wakeup.BENCHMARK_BASELINES)
    return asked


def store_row(benchmark: Benchmark, row: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Append a measured method to a benchmark that is held: the last one finishes it, another puts it back.

    Raises JobLost.
    """
    rows = [*benchmark.rows, dict(row)]
    kept = {"rows": rows, "settings": dict(settings), "n_done": len(rows), "code_version": CODE_VERSION}
    if len(rows) == len(benchmark.methods):
        jobs.finish(benchmark, phase="", **kept)
        return
    with transaction.atomic():
        jobs.beat(benchmark, **kept)
        jobs.requeue(benchmark)
        worker_wakeup.dispatch_on_commit(worker_wakeup.BENCHMARK_BASELINES)


def _unfinished_or_new(base_model: BaseModel, by: str) -> Benchmark:
    unfinished = Benchmark.objects.filter(base_model=base_model, finished_at=None).first()
    return unfinished or Benchmark.objects.create(
        base_model=base_model, methods=list(METHODS), n_total=len(METHODS), requested_by=by
    )
