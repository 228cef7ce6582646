"""Which runs are trained together: those of a data set with one λ; after a worker's death fewer at once."""

import pytest
from django.utils import timezone

from annotations.models import BaseModel, Event, Run, RunState
from annotations.queue.claims import MAX_ATTEMPTS
from tests.support import actors
from tests.support.steps import end, submit_and_score
from worker.datasets import head_training
from worker.datasets.head_training import heads_at_once, weigh
from worker.runs import run_training
from worker.runs.run_training import train_due_runs


@pytest.fixture
def widths(monkeypatch):
    """How many heads each batch trained."""
    made, train_heads = [], head_training.train_heads

    def counted(features, labels, weights, *rest, **options):
        made.append(weights.shape[1])
        return train_heads(features, labels, weights, *rest, **options)

    monkeypatch.setattr(head_training, "train_heads", counted)
    return made


def another_visit(base_model, **changes):
    """Carol, in a study of her own on another base model of the same data set, with the same errors."""
    other = actors.store_base_model(base_model.dataset, name="another")
    BaseModel.objects.filter(pk=other.pk).update(**changes)
    other.refresh_from_db()
    return actors.start_visit(actors.open_study(actors.create_study(other, slug="another")), "carol")


def work(visit, *texts):
    submit_and_score(visit, *texts)
    end(visit)


def test_an_annotation_that_several_people_made_is_trained_once(alice, bob, widths):
    work(alice, "red", "red oval")
    work(bob, "red", "no blue")
    assert train_due_runs() == 4
    assert widths == [4]  # three annotations and their control
    hers, his = Run.objects.filter(phrase_text="red").order_by("pk")
    assert (hers.assignment_id, his.assignment_id) == (alice.assignment.pk, bob.assignment.pk)
    assert bytes(hers.test_predictions) == bytes(his.test_predictions)
    assert (hers.loss, hers.worst_group_accuracy) == (his.loss, his.worst_group_accuracy)
    assert bytes(hers.head) == bytes(his.head)


def test_two_base_models_of_a_data_set_share_a_batch_and_the_annotations_that_are_the_same(alice, base_model, widths):
    carol = another_visit(base_model)
    work(alice, "red", "red oval")
    work(carol, "red", "no blue")
    assert train_due_runs() == 4
    assert widths == [4]  # three annotations and their control
    hers, carols = Run.objects.filter(phrase_text="red").order_by("pk")
    assert (hers.state, hers.loss, bytes(hers.test_predictions)) == (
        RunState.DONE,
        carols.loss,
        bytes(carols.test_predictions),
    )
    assert bytes(hers.head) == bytes(carols.head)


def test_another_l2_is_a_batch_of_its_own(alice, base_model, widths):
    carol = another_visit(base_model, l2=0.1)
    work(alice, "red", "red oval")
    work(carol, "red")
    assert train_due_runs() == 3
    assert sorted(widths) == [2, 3]  # each with a control of its own
    hers, carols = Run.objects.filter(phrase_text="red").order_by("pk")
    assert hers.loss < carols.loss  # the same annotation; more λ, more loss


def test_runs_are_trained_in_batches_of_bounded_work(alice, monkeypatch):
    work(alice, "red", "red oval")
    dataset = alice.assignment.task.base_model.dataset
    assert heads_at_once(dataset) == head_training.MAX_AT_ONCE
    images_by_features_by_classes = 100 * 12 * 2
    monkeypatch.setattr(head_training, "WORK_AT_ONCE", 3 * images_by_features_by_classes)
    assert heads_at_once(dataset) == 3
    monkeypatch.setattr(head_training, "WORK_AT_ONCE", 1)
    assert heads_at_once(dataset) == 1
    assert train_due_runs() == 2


def test_a_head_alone_and_among_others_predicts_the_same(alice, monkeypatch):
    work(alice, "red", "red oval")
    train_due_runs()
    together = {run.phrase_text: bytes(run.test_predictions) for run in Run.objects.filter(state=RunState.DONE)}
    Run.objects.filter(state=RunState.DONE).update(state=RunState.PENDING, attempts=0)
    monkeypatch.setattr(head_training, "MAX_AT_ONCE", 1)
    train_due_runs()
    assert {run.phrase_text: bytes(run.test_predictions) for run in Run.objects.exclude(head=None)} == together


class Death(BaseException):
    """Ends a worker as a signal does: nothing catches it."""


def test_a_run_that_kills_its_worker_fails_alone_and_its_neighbours_are_done(alice, bob, widths, monkeypatch):
    work(alice, "red", "red oval", "no blue")
    work(bob, "bright red")
    poison = Run.objects.get(phrase_text="red oval")

    def deadly(run):
        if run == poison:
            raise Death
        return weigh(run)

    monkeypatch.setattr(run_training, "weigh", deadly)
    monkeypatch.setattr(head_training, "MAX_AT_ONCE", 4)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(Death):
            train_due_runs()
        Run.objects.filter(state=RunState.PENDING).update(leased_until=timezone.now())  # its lease has passed
    train_due_runs()
    poison.refresh_from_db()
    assert (poison.state, poison.attempts) == (RunState.FAILED, MAX_ATTEMPTS)
    assert set(Run.objects.exclude(pk=poison.pk).values_list("state", flat=True)) == {RunState.DONE}
    assert sorted(widths) == [2, 2]  # the two that did not share the second batch; the one that did, with the control
    assert Event.objects.filter(kind="run_done").count() == 3
