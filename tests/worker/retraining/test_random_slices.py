"""Random slices: one set of draws for all runs of a class and a size, trained after the runs."""

import numpy as np
import pytest

from annotations.models import Assignment, RandomSlices, Run, RunState
from modeling.arrays.datasets.dataset_files import BadDataset, Split
from modeling.arrays.retraining.random_slices import DRAWS, percentile_among, random_slices
from modeling.arrays.retraining.slices import slice_membership, slice_weights
from tests.actors import SQUARE, Visit
from tests.steps import end, submit_and_score
from worker.datasets import head_training
from worker.retraining.random_slices import train_missing_random_slices
from worker.retraining.run_training import train_due_runs


@pytest.fixture
def trained(alice: Visit) -> Assignment:
    submit_and_score(alice, "red", "blue", "red oval")
    assignment = end(alice)
    train_due_runs()
    return assignment


def done() -> list[Run]:
    return list(Run.objects.filter(state=RunState.DONE).select_related("random_slices", "control", "base_model"))


def test_each_run_gets_the_draws_of_its_size(trained: Assignment) -> None:
    assert train_missing_random_slices() == 2
    for run in done():
        assert run.random_slices and run.n_above
        assert run.random_slices.target_class == SQUARE
        assert run.n_above * 0.8 <= run.random_slices.n_above <= run.n_above * 1.25
        assert len(run.random_slices.worst_groups) == DRAWS
    assert train_missing_random_slices() == 0


def test_a_draw_is_the_head_of_its_slice(trained: Assignment) -> None:
    train_missing_random_slices()
    stored, dataset = RandomSlices.objects.order_by("pk")[0], trained.task.base_model.dataset
    rows = dataset.files.rows(Split.TRAIN)
    labels, images = dataset.files.labels[rows], dataset.files.array("similarity")[rows]
    drawn = random_slices(images, labels, SQUARE, stored.n_above, seed=stored.seed)
    weights = slice_weights(labels, slice_membership(drawn[7], labels, SQUARE, 1), stored.scheme)
    (measured,) = head_training.measure(dataset, head_training.train(dataset, stored.l2, weights[:, None]))
    assert stored.worst_groups[7] == measured.metrics.worst_group


def test_a_run_has_its_percentile_among_them(trained: Assignment) -> None:
    train_missing_random_slices()
    draws = np.linspace(0, 1, DRAWS)
    RandomSlices.objects.update(worst_groups=draws.tolist())
    for run in done():
        assert run.worst_group_accuracy is not None
        assert run.random_slice_percentile == percentile_among(run.worst_group_accuracy, draws)


def test_draws_that_hardly_differ_give_no_percentile(trained: Assignment) -> None:
    train_missing_random_slices()
    RandomSlices.objects.update(worst_groups=[0.5] * DRAWS)
    assert [run.random_slice_percentile for run in done()] == [None, None]


def test_a_second_person_with_that_size_costs_nothing(
    trained: Assignment, bob: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_missing_random_slices()
    submit_and_score(bob, "red")
    end(bob)
    train_due_runs()
    monkeypatch.setattr(head_training, "train", _files_are_away)
    assert train_missing_random_slices() == 1


def test_files_that_are_away_make_them_wait(trained: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(head_training, "train", _files_are_away)
        assert train_missing_random_slices() == 0
    assert train_missing_random_slices() == 2


def _files_are_away(*_given: object) -> None:
    raise BadDataset("its files are away")
