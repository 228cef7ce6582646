"""The worker measures baselines: real methods on the small sprites, one a turn."""

import base64
import hashlib
import zlib

import pytest

from annotations.models import BaseModel, Benchmark, Dataset, JobState, Study
from annotations.results import benchmark_requests
from annotations.results.study_analysis import Analysed
from worker.benchmarks.requested_benchmarks import measure_due_benchmark
from worker.tasks.retrain import benchmark_baselines


def test_nothing_is_measured_that_nobody_asked_for(base_model: BaseModel) -> None:
    assert measure_due_benchmark() == 0


def test_every_method_is_measured_and_stands_beside_the_study(open_study: Study, base_model: BaseModel) -> None:
    benchmark_requests.ask(open_study, by="coordinator")
    for _ in benchmark_requests.METHODS:
        benchmark_baselines()
    benchmark = Benchmark.objects.get()
    assert (benchmark.state, benchmark.error) == (JobState.DONE, "")
    assert benchmark.settings["l2"] == base_model.l2
    rows = {row["method"]: row for row in benchmark.rows}
    assert set(rows) == set(benchmark_requests.METHODS)
    for row in rows.values():
        assert not row["left_out"]
        assert 0 <= row["worst_group"] <= row["average"] <= 1
        assert row["worst_group_low"] <= row["worst_group"] <= row["worst_group_high"]
        for each in row["predictions"]:
            stored = zlib.decompress(base64.b64decode(each["zlib"]))
            assert len(stored) == 4 * 48
            assert hashlib.sha256(stored).hexdigest() == each["sha256"]
    assert (rows["erm"]["n"], rows["class_prompt"]["n"]) == (3, 1)
    assert [each["name"] for each in rows["erm"]["predictions"]] == ["seed 0", "seed 1", "seed 2", "all train"]
    beside = {row.key: row for row in Analysed(open_study).tables.methods.rows}
    assert beside["group_dro"].worst_group == rows["group_dro"]["worst_group"]
    assert beside["erm"].worst_group_low == rows["erm"]["worst_group_low"]
    assert beside["erm"].worst_group_sd == rows["erm"]["worst_group_sd"]
    assert measure_due_benchmark() == 0


def test_a_benchmark_whose_data_set_is_gone_says_so(open_study: Study) -> None:
    benchmark_requests.ask(open_study, by="coordinator")
    Dataset.objects.update(directory="datasets/gone")
    measure_due_benchmark()
    benchmark = Benchmark.objects.get()
    rows = benchmark.rows
    assert benchmark.state == JobState.FAILED or rows[0]["left_out"]
    assert "gone" in (benchmark.error or rows[0]["left_out"])


@pytest.mark.django_db
def test_a_method_that_is_not_there_fails_the_benchmark(base_model: BaseModel) -> None:
    Benchmark.objects.create(base_model=base_model, methods=["magic"], requested_by="coordinator")
    measure_due_benchmark()
    benchmark = Benchmark.objects.get()
    assert benchmark.state == JobState.FAILED
    assert "magic" in benchmark.error
