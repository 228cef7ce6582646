"""Asking for baselines, and storing them one method at a time."""

import pytest
from django.db import IntegrityError, transaction

from annotations.models import AuditRecord, BaseModel, Benchmark, JobState, Study
from annotations.queue import jobs
from annotations.results import benchmark_requests

SETTINGS = {"l2": 0.01}


def measured(method: str) -> dict[str, object]:
    return {"method": method, "worst_group": 0.5}


def test_asking_makes_one_benchmark_of_each_base_model(open_study: Study, base_model: BaseModel) -> None:
    (benchmark,) = benchmark_requests.ask(open_study, by="coordinator")
    assert (benchmark.base_model, benchmark.state) == (base_model, JobState.PENDING)
    assert AuditRecord.objects.filter(act="ask_benchmark", actor="coordinator").count() == 1


def test_asking_again_makes_no_second_one(open_study: Study) -> None:
    first = benchmark_requests.ask(open_study, by="coordinator")
    assert benchmark_requests.ask(open_study, by="coordinator") == first


def test_what_is_measured_is_not_measured_again(open_study: Study) -> None:
    (benchmark,) = benchmark_requests.ask(open_study, by="coordinator")
    for method in benchmark_requests.METHODS:
        held = jobs.claim(Benchmark)
        assert held is not None
        benchmark_requests.store_row(held, measured(method), SETTINGS)
    benchmark.refresh_from_db()
    assert benchmark.state == JobState.DONE
    assert [row["method"] for row in benchmark.rows] == list(benchmark_requests.METHODS)
    assert benchmark_requests.ask(open_study, by="coordinator") == []


def test_between_two_methods_the_benchmark_waits_its_turn(open_study: Study) -> None:
    (benchmark,) = benchmark_requests.ask(open_study, by="coordinator")
    held = jobs.claim(Benchmark)
    assert held is not None
    benchmark_requests.store_row(held, measured("class_prompt"), SETTINGS)
    benchmark.refresh_from_db()
    assert (benchmark.state, benchmark.n_done, benchmark.settings) == (JobState.PENDING, 1, SETTINGS)


def test_a_worker_that_lost_its_benchmark_stores_nothing(open_study: Study) -> None:
    benchmark_requests.ask(open_study, by="coordinator")
    held = jobs.claim(Benchmark)
    assert held is not None
    Benchmark.objects.update(attempts=2)  # another worker took it up meanwhile
    with pytest.raises(jobs.JobLost):
        benchmark_requests.store_row(held, measured("class_prompt"), SETTINGS)
    assert Benchmark.objects.get().rows == []


def test_one_that_failed_is_begun_again_when_it_is_asked_for(open_study: Study) -> None:
    (failed,) = benchmark_requests.ask(open_study, by="coordinator")
    held = jobs.claim(Benchmark)
    assert held is not None
    jobs.fail(held, "no images")
    (again,) = benchmark_requests.ask(open_study, by="coordinator")
    assert again.pk != failed.pk


def test_two_benchmarks_of_one_base_model_are_not_under_way_at_once(base_model: BaseModel) -> None:
    Benchmark.objects.create(base_model=base_model, methods=["erm"], requested_by="coordinator")
    with pytest.raises(IntegrityError, match="benchmark_once_at_a_time"), transaction.atomic():
        Benchmark.objects.create(base_model=base_model, methods=["erm"], requested_by="coordinator")
