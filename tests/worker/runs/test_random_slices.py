"""Random slices: one set of draws for all runs of a class and a size, trained after the runs."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from annotations.datasets.class_images import class_images
from annotations.models import Assignment, BaseModel, Control, Dataset, RandomSlices, Run, RunState
from annotations.models.arrays import pack_int32, unpack_int32
from annotations.queue import worker_wakeup
from annotations.runs.random_slices import SliceKey
from clarify_errors.arrays.common.modeling_errors import NotConverged
from clarify_errors.arrays.datasets.dataset_files import BadDataset, Split
from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.arrays.retraining.random_slices import DRAWS, percentile_among, random_directions, random_slices
from clarify_errors.arrays.retraining.slices import slice_membership, slice_weights
from tests.support.actors import SQUARE, Visit
from tests.support.steps import end, submit_and_score
from worker.datasets import head_training
from worker.datasets.head_training import TrainedHead
from worker.runs import random_slices as worker
from worker.runs.random_slices import train_missing_random_slices
from worker.runs.run_training import train_due_runs


@pytest.fixture(autouse=True)
def _nothing_failed_before() -> Iterator[None]:
    yield
    worker.failed.clear()


@pytest.fixture
def trained(alice: Visit) -> Assignment:
    submit_and_score(alice, "red", "blue", "red oval")
    assignment = end(alice)
    train_due_runs()
    return assignment


def train_all() -> list[int]:
    """Train until nothing is lacking; how many runs each turn gave theirs."""
    turns = []
    while n_given := train_missing_random_slices():
        turns.append(n_given)
    return turns


def done() -> list[Run]:
    return list(Run.objects.filter(state=RunState.DONE).select_related("random_slices", "control", "base_model"))


def test_each_run_gets_the_draws_of_its_size(trained: Assignment) -> None:
    assert sum(train_all()) == 2
    for run in done():
        assert run.random_slices and run.n_above
        assert run.random_slices.target_class == SQUARE
        assert run.n_above * 0.8 <= run.random_slices.n_above <= run.n_above * 1.25
        assert len(run.random_slices.worst_groups) == DRAWS


def test_one_set_is_trained_a_turn_and_the_next_turn_is_asked_for(
    trained: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(worker_wakeup, "send", asked.append)
    turns = train_all()
    assert len(turns) == RandomSlices.objects.count() > 0
    assert asked == [worker_wakeup.TRAIN_RUNS] * len(turns)


def test_draws_that_cannot_be_trained_hold_up_no_others(trained: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    Run.objects.filter(phrase_text="red oval").update(n_above=25, n_below=25)
    sizes = {SliceKey.of(run).n_above for run in done()}
    train, tried = head_training.train, []

    def choke(dataset: Dataset, l2: float, weights: NDArray[np.float64]) -> list[TrainedHead]:
        tried.append(weights)
        if len(tried) == 1:
            raise NotConverged(500, 0.1, 1e-8, 500)
        return train(dataset, l2, weights)

    monkeypatch.setattr(head_training, "train", choke)
    assert len(sizes) == 2 and train_all() == [1]
    n_tried = len(tried)
    assert train_missing_random_slices() == 0
    assert len(tried) == n_tried  # not again in this process


def test_a_percentile_needs_no_image_in_every_group(trained: Assignment) -> None:
    train_all()
    RandomSlices.objects.update(worst_groups=np.linspace(0, 1, DRAWS).tolist())
    Control.objects.update(group_accuracies=[None, 1, 1, 1])
    counts = {**trained.task.base_model.test_metrics, "counts": [0, 9, 9, 9]}
    BaseModel.objects.update(test_metrics=counts)
    assert all(run.random_slice_percentile is not None for run in done())


def test_a_draw_is_the_head_of_its_slice(trained: Assignment) -> None:
    train_all()
    stored, dataset = RandomSlices.objects.order_by("pk")[0], trained.task.base_model.dataset
    rows = dataset.files.rows(Split.TRAIN)
    labels, images = dataset.files.labels[rows], dataset.files.array("similarity")[rows]
    drawn = random_slices(images, labels, SQUARE, stored.n_above, seed=stored.seed)
    weights = slice_weights(labels, slice_membership(drawn[7], labels, SQUARE, 1), stored.scheme)
    (measured,) = head_training.measure(dataset, head_training.train(dataset, stored.l2, weights[:, None]))
    assert stored.worst_groups[7] == measured.metrics.worst_group


def test_each_draw_is_scored_on_the_validation_images_of_each_base_model(trained: Assignment) -> None:
    train_all()
    base_model = trained.task.base_model
    images = class_images(base_model, SQUARE)
    embedded = base_model.dataset.files.array("similarity")[images.rows]
    for draws in RandomSlices.objects.all():
        directions = random_directions(embedded.shape[1], DRAWS, draws.seed)
        scores = draws.scores.get(base_model=base_model).values
        assert len(scores) == DRAWS
        assert scores[3] == pytest.approx(error_score(embedded @ directions[:, 3], images.is_error).value)


def test_another_base_model_of_the_data_set_shares_draws_and_has_scores_of_its_own(
    trained: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_all()
    base_model = trained.task.base_model
    predictions = unpack_int32(base_model.predictions).copy()
    other = BaseModel.objects.get(pk=base_model.pk)
    other.pk, other.name, other.predictions = None, "another", pack_int32(np.roll(predictions, 1))
    other.save()
    Run.objects.filter(phrase_text="red").update(base_model=other, random_slices=None)
    monkeypatch.setattr(head_training, "train", _files_are_away)
    assert train_all() == [1]
    draws = Run.objects.get(phrase_text="red").random_slices
    assert draws is not None
    assert draws.scores.get(base_model=other).values != draws.scores.get(base_model=base_model).values


def test_a_run_has_its_percentile_among_them(trained: Assignment) -> None:
    train_all()
    draws = np.linspace(0, 1, DRAWS)
    RandomSlices.objects.update(worst_groups=draws.tolist())
    for run in done():
        assert run.worst_group_accuracy is not None
        assert run.random_slice_percentile == percentile_among(run.worst_group_accuracy, draws)


def test_draws_that_hardly_differ_give_no_percentile(trained: Assignment) -> None:
    train_all()
    RandomSlices.objects.update(worst_groups=[0.5] * DRAWS)
    assert [run.random_slice_percentile for run in done()] == [None, None]


def test_a_second_person_with_that_size_costs_nothing(
    trained: Assignment, bob: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_all()
    submit_and_score(bob, "red")
    end(bob)
    train_due_runs()
    monkeypatch.setattr(head_training, "train", _files_are_away)
    assert train_missing_random_slices() == 1


def test_files_that_are_away_make_them_wait(trained: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(head_training, "train", _files_are_away)
        assert train_missing_random_slices() == 0
    assert sum(train_all()) == 2


def _files_are_away(*_given: object) -> None:
    raise BadDataset("its files are away")
