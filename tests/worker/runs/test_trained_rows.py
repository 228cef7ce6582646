"""With many classes a run trains the rows of its class and those it is confused with, and so does all beside it."""

from collections.abc import Iterator

import numpy as np
import pytest

from annotations.models import Assignment, BaseModel, Control, RandomSlices, Run, RunState
from annotations.results.stored_rows import control_worst_groups
from annotations.runs import trained_rows
from annotations.runs.head_files import model_card
from annotations.runs.retraining import TrainingBatch
from annotations.runs.trained_rows import rows_to_train
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.arrays.retraining.weighted_loss import weighted_loss
from clarify_errors.tensors.linear_algebra.tensor_conversion import on_device
from tests.support.actors import OVAL, SQUARE, Visit
from tests.support.steps import end, submit_and_score
from worker.common import process_cache
from worker.datasets.base_models import trained
from worker.datasets.head_training import weigh
from worker.research.recomputing.stored_runs import random_slice_differences, run_differences
from worker.runs.random_slices import train_missing_random_slices
from worker.runs.run_training import train_due_runs


@pytest.fixture(autouse=True)
def _one_row(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two classes are many, and none is confused with another."""
    monkeypatch.setattr(trained_rows, "MANY_CLASSES", 1)
    monkeypatch.setattr(trained_rows, "CONFUSED", 0)
    process_cache.some_rows.cache_clear()
    yield
    process_cache.some_rows.cache_clear()


@pytest.fixture
def with_head(base_model: BaseModel) -> BaseModel:
    shown, _ = trained(base_model.dataset, name="erm", l2=0.01)
    BaseModel.objects.filter(pk=base_model.pk).update(origin="trained", head=shown.head)
    base_model.refresh_from_db()
    return base_model


@pytest.fixture
def ended(with_head: BaseModel, alice: Visit) -> Assignment:
    submit_and_score(alice, "red", "red oval")
    assignment = end(alice)
    assert train_due_runs() == 2
    return assignment


def head_of(row: BaseModel | Run | Control) -> Head:
    assert row.head is not None
    return Head.from_bytes(bytes(row.head))


def test_a_run_and_its_control_leave_the_other_rows_to_the_bit(ended: Assignment, with_head: BaseModel) -> None:
    before = head_of(with_head)
    control = Control.objects.get()
    assert (control.base_model, control.trained_rows) == (with_head, [SQUARE])
    rows: list[Run | Control] = [*Run.objects.filter(state=RunState.DONE), control]
    for row in rows:
        assert row.trained_rows == [SQUARE]
        after = head_of(row)
        np.testing.assert_array_equal(after.coef[OVAL], before.coef[OVAL])
        np.testing.assert_array_equal(after.intercept[OVAL], before.intercept[OVAL])
        is_moved = np.abs(after.coef[SQUARE] - before.coef[SQUARE]).max() > 0.01
        assert is_moved == isinstance(row, Run)  # classes of equal sizes weigh the same in the control as in the base


def test_its_loss_is_the_whole_objective(ended: Assignment) -> None:
    run = Run.objects.get(phrase_text="red")
    training, head = process_cache.training_set(run.base_model.dataset), head_of(run)
    x = training.features.astype(np.float64)
    loss = weighted_loss(head.coef, head.intercept, x, training.labels, weigh(run).weights, run.l2)
    assert run.loss == pytest.approx(loss, rel=1e-5)


def test_a_device_keeps_the_images_that_a_worker_trains_on(base_model: BaseModel) -> None:
    features = process_cache.training_set(base_model.dataset).features
    assert on_device(features, "meta") is on_device(features, "meta")


def test_random_slices_move_the_same_rows(ended: Assignment, with_head: BaseModel) -> None:
    while train_missing_random_slices():
        pass
    draws = RandomSlices.objects.all()
    assert [(each.base_model, each.trained_rows) for each in draws] == [(with_head, [SQUARE])] * len(draws)
    assert all(run.random_slices for run in Run.objects.filter(state=RunState.DONE))


def test_everything_is_computed_again_in_the_same_rows(ended: Assignment, with_head: BaseModel) -> None:
    train_missing_random_slices()
    runs = list(Run.objects.filter(state=RunState.DONE).order_by("pk"))
    assert run_differences(with_head, runs) == [[], []]
    draws = RandomSlices.objects.get()
    assert random_slice_differences(draws) == []
    Run.objects.filter(pk=runs[0].pk).update(trained_rows=None)  # as if all its rows had been trained
    first, second = run_differences(with_head, list(Run.objects.filter(state=RunState.DONE).order_by("pk")))
    assert "head" in {each.field for each in first} and second == []


def test_runs_of_all_rows_and_of_some_share_no_batch_and_no_control(
    ended: Assignment, with_head: BaseModel, bob: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trained_rows, "MANY_CLASSES", 200)
    submit_and_score(bob, "red")
    end(bob)
    assert train_due_runs() == 1
    of_all, of_some = Run.objects.get(trained_rows=None), Run.objects.filter(trained_rows=[SQUARE]).first()
    assert of_some and of_all.control != of_some.control
    assert TrainingBatch.of(of_all) != TrainingBatch.of(of_some)
    assert np.abs(head_of(of_all).coef[OVAL] - head_of(with_head).coef[OVAL]).max() > 0.01


def test_the_control_of_a_task_is_that_of_its_rows(ended: Assignment) -> None:
    assert control_worst_groups([ended.task]) == {ended.task.position: Control.objects.get().worst_group_accuracy}


def test_the_model_card_names_the_rows(ended: Assignment) -> None:
    run = Run.objects.get(phrase_text="red")
    assert model_card(run)["training"]["trained_rows"] == [run.base_model.dataset.class_names[SQUARE]]


def test_a_class_has_its_own_row_and_those_it_is_confused_with(
    with_head: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trained_rows, "CONFUSED", 10)
    files = with_head.dataset.files
    rows = files.rows(Split.VALIDATION, SQUARE)
    assert (with_head.predicted[rows] == OVAL).any()
    assert rows_to_train(with_head, SQUARE) == [SQUARE, OVAL]


def test_without_a_known_head_all_rows_are_trained(with_head: BaseModel) -> None:
    BaseModel.objects.filter(pk=with_head.pk).update(head=None, origin="imported")
    with_head.refresh_from_db()
    assert rows_to_train(with_head, SQUARE) is None


def test_few_classes_are_trained_whole(with_head: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained_rows, "MANY_CLASSES", 200)
    assert rows_to_train(with_head, SQUARE) is None
