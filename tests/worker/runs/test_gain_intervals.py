"""What a worker measures of each run after it is trained, once: the interval of own gain, and what its words did."""

import numpy as np
import pytest

from annotations.base.data_store.stored_files import StoredFile
from annotations.models import Assignment, BaseModel, Run, RunState
from annotations.models.arrays import pack_int32, unpack_int32
from clarify_errors.arrays.datasets.dataset_files import BadDataset, DatasetFiles, Split
from clarify_errors.arrays.retraining.own_gain_intervals import own_gain_interval, paired_counts
from tests.support.actors import SQUARE, Visit
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


def test_each_run_gets_what_its_words_did_to_the_test_images_that_they_select(trained: Assignment) -> None:
    measure_missing_intervals()
    for run in done():
        files, annotation = run.base_model.dataset.files, run.annotation
        assert run.effect and annotation and run.control
        rows = files.rows(Split.TEST, run.target_class)
        similarity = annotation.sign * (files.array("similarity")[rows] @ annotation.text)
        alike = rows[similarity > np.float32(annotation.threshold)]
        at = np.searchsorted(files.rows(Split.TEST), alike)
        said = {
            "before": run.base_model.predicted[alike],
            "control": unpack_int32(run.control.test_predictions)[at],
            "after": unpack_int32(run.test_predictions)[at],
        }
        counts = run.effect["counts"]
        assert counts["n"] == len(alike) > 0
        for model, classes in said.items():
            assert counts[model] == (classes == run.target_class).sum()
        of_row = dict(zip(alike.tolist(), zip(said["before"], said["after"], strict=True), strict=True))
        assert len(run.effect["pictures"]) == min(10, len(alike))
        assert all(of_row[row] == (before, after) for row, before, after in run.effect["pictures"])


def test_the_group_that_loses_most_is_kept_with_its_counts(trained: Assignment) -> None:
    run = done()[0]
    files = run.base_model.dataset.files
    rows = files.rows(Split.TEST)
    worse = np.where(files.groups[rows] == 3, SQUARE, files.labels[rows])  # all red ovals are squares to it
    Run.objects.filter(pk=run.pk).update(test_predictions=StoredFile.of(pack_int32(worse)))
    measure_missing_intervals()
    run.refresh_from_db()
    before = int((run.base_model.predicted[rows] == files.labels[rows])[files.groups[rows] == 3].sum())
    assert run.effect and run.effect["lost"] == {"group": 3, "n": 12, "before": before, "after": 0}


def test_images_without_a_prediction_of_the_base_model_are_in_no_count(trained: Assignment) -> None:
    run = done()[0]
    files = run.base_model.dataset.files
    predictions = run.base_model.predicted.copy()
    predictions[files.rows(Split.TEST, run.target_class)] = BaseModel.NO_PREDICTION
    BaseModel.objects.update(predictions=StoredFile.of(pack_int32(predictions)))
    measure_missing_intervals()
    run.refresh_from_db()
    assert run.effect and run.effect["counts"]["n"] == 0 and run.effect["pictures"] == []


def test_runs_that_were_measured_before_their_effect_was_counted_are_measured_again_once(trained: Assignment) -> None:
    measure_missing_intervals()
    Run.objects.update(effect=None)  # as an upgrade finds them
    assert measure_missing_intervals() == len(done()) > 0
    assert all(run.effect for run in done())
    assert measure_missing_intervals() == 0


def _away(*_: object) -> None:
    raise BadDataset("its files are away")
