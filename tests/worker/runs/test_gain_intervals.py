"""The interval of each run's own gain: measured by a worker after the runs, once, and shown wherever the gain is."""

import pytest

from annotations.base.data_store.stored_files import StoredFile
from annotations.models import Assignment, Run, RunState
from annotations.models.arrays import pack_int32, unpack_int32
from clarify_errors.arrays.datasets.dataset_files import BadDataset, DatasetFiles, Split
from clarify_errors.arrays.retraining.own_gain_intervals import own_gain_interval, paired_counts
from tests.support.actors import Visit
from tests.support.steps import end, submit_and_score
from worker.runs.gain_intervals import measure_missing_intervals
from worker.runs.run_training import train_due_runs


@pytest.fixture
def trained(alice: Visit) -> Assignment:
    submit_and_score(alice, "red", "blue", "red oval")
    assignment = end(alice)
    train_due_runs()
    return assignment


def done() -> list[Run]:
    return list(Run.objects.filter(state=RunState.DONE).select_related("control", "base_model__dataset"))


def test_each_run_gets_the_interval_of_its_predictions_beside_its_controls(trained: Assignment) -> None:
    assert [run.own_gain_interval for run in done()] == [None] * len(done())
    assert measure_missing_intervals() == len(done()) > 1
    for run in done():
        files = run.base_model.dataset.files
        rows = files.rows(Split.TEST)
        assert run.control and run.test_predictions and run.own_gain is not None
        own, less = (
            unpack_int32(each) == files.labels[rows] for each in (run.test_predictions, run.control.test_predictions)
        )
        expected = own_gain_interval(paired_counts(own, less, files.groups[rows]))
        assert run.own_gain == pytest.approx(expected.estimate, abs=1e-12)
        assert run.own_gain_interval == (expected.low, expected.high)
        assert expected.low <= run.own_gain <= expected.high
    assert measure_missing_intervals() == 0


def test_a_run_that_predicts_as_its_control_has_a_gain_of_exactly_nothing(trained: Assignment) -> None:
    run = done()[0]
    assert run.control
    same = StoredFile.of(pack_int32(unpack_int32(run.control.test_predictions)))
    Run.objects.filter(pk=run.pk).update(test_predictions=same)
    measure_missing_intervals()
    run.refresh_from_db()
    assert run.own_gain_interval == (0.0, 0.0)


def test_runs_on_files_that_are_away_wait(trained: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(DatasetFiles, "rows", _away)
        assert measure_missing_intervals() == 0
    assert measure_missing_intervals() == len(done())


def _away(*_: object) -> None:
    raise BadDataset("its files are away")
