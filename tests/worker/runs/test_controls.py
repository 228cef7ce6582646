"""Controls: one for each class, scheme and λ of a data set, trained beside the first run that needs it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from annotations.models import Assignment, Control, Dataset, Run, RunState
from annotations.models.arrays import unpack_int32
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.control import control_weights
from clarify_errors.arrays.retraining.heads import Head
from tests.support.actors import SQUARE, Visit
from tests.support.steps import end, submit_and_score
from worker.datasets import head_training
from worker.datasets.head_training import TrainedHead
from worker.runs.run_training import train_due_runs


@pytest.fixture
def ended(alice: Visit) -> Assignment:
    submit_and_score(alice, "red", "blue", "red oval")
    return end(alice)


def test_all_runs_of_a_task_share_one_control(ended: Assignment) -> None:
    assert train_due_runs() == 2
    control = Control.objects.get()
    assert control.target_classes == [SQUARE]
    done = Run.objects.filter(state=RunState.DONE)
    assert {run.control for run in done} == {control}
    for run in done:
        assert run.worst_group_accuracy is not None
        assert run.own_gain == run.worst_group_accuracy - control.worst_group_accuracy


def test_it_is_the_head_of_even_weights_within_each_class(ended: Assignment) -> None:
    train_due_runs()
    control, dataset = Control.objects.get(), ended.task.base_model.dataset
    labels = dataset.files.labels[dataset.files.rows(Split.TRAIN)]
    weights = control_weights(labels, SQUARE, control.scheme)
    (trained,) = head_training.train(dataset, control.l2, weights[:, None])
    (measured,) = head_training.measure(dataset, [trained])
    assert control.worst_group_accuracy == measured.metrics.worst_group
    np.testing.assert_array_equal(unpack_int32(control.test_predictions), measured.test_predictions)
    np.testing.assert_allclose(Head.from_bytes(bytes(control.head)).coef, trained.head.coef, atol=1e-4)


def test_a_second_batch_trains_no_second_control(
    ended: Assignment, bob: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_due_runs()
    submit_and_score(bob, "dark", "red")
    end(bob)
    trained: list[int] = []
    train = head_training.train

    def counted(dataset: Dataset, l2: float, weights: NDArray[np.float64]) -> list[TrainedHead]:
        trained.append(weights.shape[1])
        return train(dataset, l2, weights)

    monkeypatch.setattr(head_training, "train", counted)
    due = Run.objects.filter(state=RunState.PENDING).count()
    train_due_runs()
    assert sum(trained) <= due
    assert Control.objects.count() == 1
