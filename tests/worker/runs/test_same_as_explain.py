"""The server's numbers are those of `clarify_errors.explain` on the same arrays."""

import numpy as np
import pytest

import clarify_errors as clarify
from annotations.models import Run
from annotations.models.arrays import unpack_float32, unpack_int32
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.similarity import similarities
from tests.support.actors import Visit
from tests.support.fake_encoder import FakeEncoder
from tests.support.steps import end, submit_and_score
from worker.runs.run_training import train_due_runs


def explained(visit: Visit, phrases: object) -> clarify.Explanation:
    """The study's data set and the model that it shows, explained from their arrays."""
    base_model = visit.assignment.task.base_model
    files = base_model.dataset.files
    names = np.array(files.class_names)
    return clarify.explain(
        files.array("similarity"), names[files.labels], names[base_model.predicted],
        phrases=phrases,  # type: ignore[arg-type]
        encoder=FakeEncoder(), target_class=names[visit.assignment.task.target_class], features=files.array("features"),
        groups=np.array(files.attribute_names)[files.attributes],
        splits=[Split(split).word for split in files.splits],
    )  # fmt: skip


def test_a_phrase_has_the_same_score_threshold_heads_and_own_gain(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    end(alice)
    assert train_due_runs() == 1
    run, score = Run.objects.select_related("control").get(), phrase.score
    report = explained(alice, {"red": unpack_float32(score.text_embedding)})
    scored = report.phrase("red").error_score
    assert (scored.value, scored.threshold) == (score.value, score.threshold)  # to the bit
    correction = report.correct("red", l2=run.l2)
    assert (correction.n_above, correction.n_below) == (run.n_above, run.n_below)
    test = report.splits == 2
    assert run.control is not None and run.test_predictions is not None
    for head, stored in ((correction.head, run), (correction.control_head, run.control)):
        predictions = unpack_int32(stored.test_predictions or b"")
        labels = [report.classes.names.index(name) for name in alice.assignment.task.base_model.dataset.class_names]
        np.testing.assert_array_equal(head.predict(report.features[test]), np.array(labels)[predictions])
    assert correction.gain.own == pytest.approx(run.own_gain)
    assert correction.gain.corrected == pytest.approx(run.worst_group_accuracy)


def test_words_alone_give_the_same_within_rounding(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "red")
    report = explained(alice, ["red"])
    scored = report.phrase("red").error_score
    assert scored.value == pytest.approx(phrase.score.value, abs=1e-6)
    assert scored.threshold == pytest.approx(phrase.score.threshold, abs=1e-6)
    assert scored.threshold is not None and phrase.score.threshold is not None
    of_server = similarities(report.images[report.rows], unpack_float32(phrase.score.text_embedding))
    away = np.abs(of_server - phrase.score.threshold) > 1e-6
    assert away.sum() >= len(away) - 2
    above = report.phrase("red").similarities > np.float32(scored.threshold)
    np.testing.assert_array_equal(above[away], (of_server > np.float32(phrase.score.threshold))[away])
