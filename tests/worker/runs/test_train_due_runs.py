import numpy as np
import pytest

from annotations.datasets.base_models import test_group_metrics as group_metrics_on_test
from annotations.models import Event, Run, RunState
from annotations.models.arrays import unpack_float32, unpack_int32
from annotations.runs.retraining import TrainingBatch
from clarify_errors.arrays.common.modeling_errors import BadArray, NotConverged
from clarify_errors.arrays.datasets.dataset_files import BadDataset, Split
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.retraining.heads import Head
from tests.support.steps import end, submit_and_score
from worker.common import process_cache
from worker.datasets import head_training
from worker.runs import run_training
from worker.runs.run_training import train_batch, train_due_runs


@pytest.fixture
def ended(alice):
    """Alice's assignment with two runs to train, and one refused for want of a threshold."""
    submit_and_score(alice, "red", "blue", "red oval")
    return end(alice)


def by_text(text: str) -> Run:
    return Run.objects.get(phrase_text=text)


def test_a_due_run_is_trained_and_measured_on_test(ended):
    assert train_due_runs() == 2
    run, dataset = by_text("red"), ended.task.base_model.dataset
    assert run.state == RunState.DONE
    predictions = unpack_int32(run.test_predictions)
    metrics = group_metrics_on_test(dataset, predictions)
    assert run.worst_group_accuracy == metrics.worst_group
    assert run.average_accuracy == metrics.average
    assert run.plain_average_accuracy == metrics.average_plain
    assert run.robustness_gap == metrics.gap
    assert run.group_accuracies == list(metrics.accuracies)
    assert run.n_above + run.n_below == 50
    assert run.finished_at is not None
    assert 0 <= run.certified_gap <= 1e-6 * run.loss
    assert {"python", "numpy", "torch"} <= run.versions.keys()


def test_the_run_lifts_the_worst_group_above_the_base_models(ended):
    train_due_runs()
    assert by_text("red").worst_group_accuracy > ended.task.base_model.test_metrics["worst_group"] + 0.2


def test_the_stored_head_makes_the_stored_predictions(ended):
    train_due_runs()
    run, files = by_text("red"), ended.task.base_model.dataset.files
    head = Head.from_bytes(bytes(run.head))
    predicted = head.predict(files.array("features")[files.rows(Split.TEST)])
    np.testing.assert_array_equal(predicted, unpack_int32(run.test_predictions))
    assert head.class_names == files.class_names


def test_a_run_has_the_annotation_of_its_score_and_none_without_a_threshold_or_a_score(ended):
    run = by_text("red")
    score, annotation = run.scores.get(), run.annotation
    assert (annotation.target_class, annotation.sign, annotation.threshold) == (run.target_class, 1, score.threshold)
    np.testing.assert_array_equal(annotation.text, unpack_float32(score.text_embedding))
    assert by_text("blue").annotation is None
    run.scores.update(run=None)
    assert run.annotation is None


def test_a_negation_splits_the_training_images_the_other_way(alice):
    submit_and_score(alice, "no blue")
    end(alice)
    assert train_due_runs() == 1
    run = Run.objects.get()
    score, files = run.scores.get(), alice.assignment.task.base_model.dataset.files
    rows = files.rows(Split.TRAIN, run.target_class)
    values = similarities(files.array("similarity")[rows], unpack_float32(score.text_embedding))
    assert (run.state, run.sign) == (RunState.DONE, -1)
    assert run.n_above == (-values > np.float32(score.threshold)).sum()
    assert run.n_above < run.n_below  # in train most squares are blue
    assert run.worst_group_accuracy > alice.assignment.task.base_model.test_metrics["worst_group"] + 0.2


def test_a_slice_that_is_too_small_refuses_the_runs_of_all_who_made_it(alice, bob, settings):
    settings.MIN_SLICE_SIZE = 45
    for visit in (alice, bob):
        submit_and_score(visit, "red")
        end(visit)
    assert train_due_runs() == 2
    assert {run.state for run in Run.objects.all()} == {RunState.REFUSED}


def test_features_that_have_no_direction_fail_the_run_and_say_where(ended, monkeypatch):
    def broken(dataset):
        raise BadArray("row 7 is zero or not finite, so it has no direction")

    monkeypatch.setattr(process_cache, "training_set", broken)
    assert train_due_runs() == 0
    assert (by_text("red").state, by_text("red").reason) == (
        RunState.FAILED,
        "row 7 is zero or not finite, so it has no direction",
    )


def test_a_second_delivery_changes_nothing(ended, base_model):
    train_due_runs()
    before = list(Run.objects.values())
    assert train_due_runs() == 0
    assert train_batch(TrainingBatch(base_model.dataset, base_model.l2), [run.pk for run in Run.objects.all()]) == []
    assert list(Run.objects.values()) == before
    assert Event.objects.filter(kind="run_done").count() == 2


def test_a_slice_that_is_too_small_refuses_the_run_with_its_counts(alice, settings):
    settings.MIN_SLICE_SIZE = 45
    submit_and_score(alice, "red")
    end(alice)
    assert train_due_runs() == 1
    run = Run.objects.get()
    assert run.state == RunState.REFUSED
    assert run.n_above + run.n_below == 50
    assert f"into {run.n_above} above" in run.reason
    assert "at least 45" in run.reason


def test_a_data_set_without_features_refuses_the_run(ended, monkeypatch):
    dataset = ended.task.base_model.dataset
    monkeypatch.delitem(dataset.files.manifest.arrays, "features")
    assert train_due_runs() == 2
    assert by_text("red").reason == run_training.NO_FEATURES
    assert by_text("red").state == RunState.REFUSED


def test_a_run_that_cannot_be_trained_fails_and_its_neighbour_is_done(ended, monkeypatch):
    train_heads = head_training.train_heads
    bad = by_text("red oval")

    def choke(features, labels, weights, *rest, **options):
        if weights.shape[1] > 2 or by_text("red").state == RunState.DONE:
            raise NotConverged(500, 0.1, 1e-8, 500)
        return train_heads(features, labels, weights, *rest, **options)

    monkeypatch.setattr(head_training, "train_heads", choke)
    assert train_due_runs() == 1
    bad.refresh_from_db()
    assert by_text("red").state == RunState.DONE
    assert (bad.state, bad.attempts) == (RunState.FAILED, 1)
    assert "did not converge" in bad.reason


def test_an_accident_leaves_the_run_due_and_a_later_success_clears_its_reason(ended, monkeypatch):
    def choke(*args, **options):
        raise MemoryError("no memory")

    with monkeypatch.context() as patched:
        patched.setattr(head_training, "train_heads", choke)
        assert train_due_runs() == 0
    assert (by_text("red").state, by_text("red").reason) == (
        RunState.PENDING,
        "An unexpected error occurred (MemoryError: no memory).",
    )
    assert train_due_runs() == 2
    assert (by_text("red").state, by_text("red").reason, by_text("red").attempts) == (RunState.DONE, "", 2)


def test_files_that_are_missing_are_nobodys_attempt(ended, monkeypatch):
    def missing(dataset, n_rows):
        raise BadDataset("the disk is not mounted")

    with monkeypatch.context() as patched:
        patched.setattr(run_training, "heads_at_once", missing)
        assert train_due_runs() == 0
    assert by_text("red").attempts == 0
    assert train_due_runs() == 2
