"""A worker trains pooled corrections: as a direct fit would, with what each annotation adds, and through crashes."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from annotations.corrections import correction_requests as corrections
from annotations.corrections.correction_reports import report_of
from annotations.models import BaseModel, Correction, CorrectionPart, Dataset, JobState, Study
from annotations.models.arrays import unpack_float32
from annotations.queue import jobs
from annotations.runs import trained_rows
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.retraining.control import control_weights
from clarify_errors.arrays.retraining.group_accuracies import group_metrics
from clarify_errors.arrays.retraining.heads import Head
from tests.support.actors import OVAL, SQUARE
from tests.support.correcting import approve, say, study_of_both
from worker import corrections as worker
from worker.common.process_cache import training_set
from worker.corrections import train_due_corrections
from worker.datasets import head_training
from worker.datasets.base_models import trained
from worker.datasets.head_training import TrainedHead

pytestmark = pytest.mark.usefixtures("stored_base_model")


@pytest.fixture(scope="module")
def stored_study(stored_base_model: BaseModel) -> Study:
    study = study_of_both(stored_base_model)
    approve(*say(study, "alice"))
    return study


@pytest.fixture
def study(db: None, stored_study: Study) -> Study:
    return Study.objects.get(pk=stored_study.pk)


def corrected(study: Study, base_model: BaseModel, **given: Any) -> Correction:
    correction = corrections.request(study, base_model, by="coordinator", **given)
    train_due_corrections()
    correction.refresh_from_db()
    return correction


def effect(correction: Correction, name: str) -> dict[str, Any]:
    return next(each for each in correction.effects["sets"] if each["name"] == name)


def problem(correction: Correction) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standardised features with a constant, labels and loss weights, from the files and the definitions alone."""
    files = correction.base_model.dataset.files
    rows = files.rows(Split.TRAIN)
    features, labels = files.array("features")[rows], files.labels[rows]
    weights = np.zeros(len(rows))
    for part in correction.parts.all():
        above = _above(part, files, rows)
        for side in (above, ~above):
            of_slice = (labels == part.target_class) & side
            weights[of_slice] = 1 / (2 * 2 * of_slice.sum())
    z = Standardization.fit(features).apply(features).astype(np.float64)
    return np.concatenate([z, np.ones((len(z), 1))], axis=1), labels, weights


def _above(part: CorrectionPart, files: Any, rows: np.ndarray) -> np.ndarray:
    values = similarities(files.array("similarity")[rows], unpack_float32(part.score.text_embedding))
    return part.score.sign * values > np.float32(part.threshold)


def test_the_correction_is_the_direct_fit_with_all_annotations(study: Study, base_model: BaseModel) -> None:
    correction = corrected(study, base_model)
    assert (correction.state, correction.error) == (JobState.DONE, "")
    assert correction.head is not None and correction.loss is not None and correction.certified_gap is not None
    z, labels, weights = problem(correction)
    model = LogisticRegression(C=2 / base_model.l2, fit_intercept=False, tol=1e-12, max_iter=10_000, solver="newton-cg")
    theirs = model.fit(z, labels, sample_weight=weights).coef_[0]
    least = weights @ np.logaddexp(0, -(z @ theirs) * (2 * labels - 1)) + base_model.l2 / 4 * (theirs @ theirs)
    assert correction.loss == pytest.approx(least, abs=1e-6)
    assert 0 <= correction.certified_gap <= 1e-8 * correction.loss
    head = Head.from_bytes(bytes(correction.head))
    ours = np.append(head.coef[1] - head.coef[0], head.intercept[1] - head.intercept[0])
    np.testing.assert_allclose(ours, theirs, atol=2e-4)  # where losses agree to 1e-8, their arguments do to its root


def test_every_group_and_split_is_measured_before_and_after(study: Study, base_model: BaseModel) -> None:
    correction = corrected(study, base_model)
    files = base_model.dataset.files
    assert files.attributes is not None
    head = Head.from_bytes(bytes(correction.head or b""))
    for name, split in (("validation", Split.VALIDATION), ("test", Split.TEST)):
        rows = files.rows(split)
        groups = 2 * files.labels[rows] + files.attributes[rows]
        for when, predicted in (
            ("before", base_model.predicted[rows]),
            ("after", head.predict(files.array("features")[rows])),
        ):
            expected = group_metrics(predicted, files.labels[rows], groups, files.train_group_counts)
            measured = effect(correction, name)[when]
            assert measured["worst_group"] == expected.worst_group
            assert measured["accuracies"] == list(expected.accuracies)
            assert measured["counts"] == list(expected.counts)
            right = predicted == files.labels[rows]
            for part in measured["parts"]:
                above = _above(correction.parts.get(target_class=part["class"]), files, rows)
                of_class = files.labels[rows] == part["class"]
                chosen = of_class & {"class": True, "minority": above, "majority": ~above}[part["part"]]
                assert part["n"] == chosen.sum()
                assert part["accuracy"] == pytest.approx(right[chosen].mean())


def test_each_part_has_the_annotation_that_its_slices_are_made_of(study: Study, base_model: BaseModel) -> None:
    correction, files = corrected(study, base_model), base_model.dataset.files
    rows = files.rows(Split.TRAIN)
    for part, sizes in zip(correction.parts.order_by("target_class"), correction.effects["slices"], strict=True):
        members = part.annotation.members(files.array("similarity"), rows, files.labels[rows])
        np.testing.assert_array_equal(members, (files.labels[rows] == part.target_class) & _above(part, files, rows))
        assert (sizes["class"], sizes["n_above"]) == (part.target_class, members.sum())


def test_it_lifts_the_worst_group_and_the_minorities(study: Study, base_model: BaseModel) -> None:
    test = effect(corrected(study, base_model), "test")
    assert test["after"]["worst_group"] > test["before"]["worst_group"] + 0.2
    assert test["after"]["minority"] > test["before"]["minority"]


@pytest.mark.parametrize("at_once", [1, 2, 16])
def test_leaving_one_out_is_the_correction_without_it(
    study: Study, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(worker, "AT_ONCE", at_once)
    whole = corrected(study, base_model)
    assert (whole.n_done, whole.n_total) == (4, 4)  # the whole, without each annotation, and without any
    assert [(each["class"], {*each}) for each in whole.ablations] == [
        (label, {"class", "sets"})
        for label in (SQUARE, OVAL)  # no words: the event log keeps this in the clear
    ]
    assert [words for _, words, _ in report_of(whole)["left_out"]] == ["red", "blue"]
    without = corrected(study, base_model, by_hand={OVAL: None})
    left_out = next(each for each in whole.ablations if each["class"] == OVAL)
    for measured in left_out["sets"]:
        same = effect(without, measured["name"])["after"]
        for name in ("worst_group", "average", "average_plain", "accuracies"):
            assert measured["after"][name] == same[name]


def test_of_one_annotation_the_ablation_only_balances_the_classes(
    study: Study, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve, seen = worker.solve, []

    def watched(base_model: BaseModel, weights: np.ndarray, classes: Any, **options: Any) -> Any:
        seen.append(weights)
        return solve(base_model, weights, classes, **options)

    monkeypatch.setattr(worker, "solve", watched)
    (only,) = corrected(study, base_model, by_hand={OVAL: None}).ablations
    assert only["class"] == SQUARE
    (weights,), labels = seen, training_set(base_model.dataset).labels
    np.testing.assert_allclose(weights[:, 1], 0.5 / np.bincount(labels)[labels])


def test_the_control_is_trained_on_even_weights_within_the_annotated_classes(
    study: Study, base_model: BaseModel
) -> None:
    correction, dataset = corrected(study, base_model), base_model.dataset
    weights = control_weights(training_set(dataset).labels, [SQUARE, OVAL], correction.scheme)
    (measured,) = head_training.measure(dataset, head_training.train(dataset, base_model.l2, weights[:, None]))
    test = effect(correction, "test")
    assert test["control"]["worst_group"] == measured.metrics.worst_group
    assert test["control"]["accuracies"] == list(measured.metrics.accuracies)


def test_a_slice_that_is_too_small_fails_in_a_sentence(study: Study, base_model: BaseModel, settings: Any) -> None:
    settings.MIN_SLICE_SIZE = 49
    correction = corrected(study, base_model)
    assert correction.state == JobState.FAILED
    assert "“red” splits the training images of “square” into" in correction.error
    assert "Choose another phrase for this class, or leave the class out." in correction.error


def test_a_data_set_that_is_gone_fails_in_a_sentence(study: Study, base_model: BaseModel) -> None:
    correction = corrections.request(study, base_model, by="coordinator")
    Dataset.objects.update(directory="datasets/gone")
    train_due_corrections()
    correction.refresh_from_db()
    assert correction.state == JobState.FAILED
    assert "gone" in correction.error


def test_with_many_classes_leaving_one_out_moves_the_annotated_rows_and_is_seen_beside_the_same_rows(
    study: Study, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, _ = trained(base_model.dataset, name="erm", l2=0.01)
    BaseModel.objects.filter(pk=base_model.pk).update(origin="trained", head=shown.head)
    monkeypatch.setattr(trained_rows, "MANY_CLASSES", 1)
    moved: list[tuple[list[int], list[TrainedHead]]] = []
    train_rows = head_training.train_rows

    def kept(base_model: BaseModel, weights: NDArray[np.float64], rows: list[int]) -> list[TrainedHead]:
        moved.append((rows, train_rows(base_model, weights, rows)))
        return moved[-1][1]

    monkeypatch.setattr(head_training, "train_rows", kept)
    correction = corrected(study, BaseModel.objects.get(pk=base_model.pk), by_hand={OVAL: None})
    assert correction.effects["solved"] == worker.ALL_ROWS
    before, after = Head.from_bytes(bytes(shown.head or b"")), Head.from_bytes(bytes(correction.head or b""))
    assert np.abs(after.coef[OVAL] - before.coef[OVAL]).max() > 0.01
    ((rows, (whole, without)),) = moved
    assert rows == [SQUARE]
    for each in (whole, without):
        np.testing.assert_array_equal(each.head.coef[OVAL], before.coef[OVAL])
    test, (ablation,) = effect(correction, "test"), correction.ablations
    ((_, _, changes),) = report_of(correction)["left_out"]
    (alone,) = [each["after"] for each in ablation["sets"] if each["name"] == "test"]
    of_test = changes[[each["name"] for each in ablation["sets"]].index("test") * 3]
    assert (of_test.before, of_test.after) == (test["restricted"]["worst_group"], alone["worst_group"])


def test_a_second_test_set_is_measured_with_the_base_models_own_head(study: Study, base_model: BaseModel) -> None:
    shown, _ = trained(base_model.dataset, name="erm", l2=0.01)
    BaseModel.objects.filter(pk=base_model.pk).update(origin="trained", head=shown.head)
    first = base_model.dataset
    again = Dataset.objects.create(
        name="again", version=1, digest="b" * 64, directory=first.directory, class_names=first.class_names,
        attribute_names=first.attribute_names, similarity_encoder=first.similarity_encoder,
        feature_encoder=first.feature_encoder, counts=first.counts,
    )  # fmt: skip
    shown.pk, shown.dataset, shown.name = None, again, "any"
    shown.save()
    correction = corrected(study, BaseModel.objects.get(pk=base_model.pk), second=shown)
    second, test = effect(correction, "second"), effect(correction, "test")
    assert second["dataset"] == "again v1"
    assert second["after"] == test["after"]  # the same images under another name
    assert second["before"] != test["before"]  # there by colour, here by the head
    assert tuple(second["before"]["accuracies"]) == shown.test_metrics["accuracies"]


def test_a_worker_that_was_silent_is_followed_by_another(study: Study, base_model: BaseModel) -> None:
    correction = corrections.request(study, base_model, by="coordinator")
    jobs.claim(Correction)
    assert train_due_corrections() == 0  # it may be alive
    Correction.objects.update(heartbeat_at=timezone.now() - jobs.SILENT_FOR - dt.timedelta(seconds=1))
    assert train_due_corrections() == 1
    correction.refresh_from_db()
    assert (correction.state, correction.attempts) == (JobState.DONE, 2)


def test_what_was_undone_meanwhile_stays_undone(
    study: Study, base_model: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    correction = corrections.request(study, base_model, by="coordinator")
    solve = worker.solve

    def undone(*given: Any, **options: Any) -> Any:
        Correction.objects.update(state=JobState.FAILED, error="somebody withdrew", finished_at=timezone.now())
        return solve(*given, **options)

    monkeypatch.setattr(worker, "solve", undone)
    train_due_corrections()
    correction.refresh_from_db()
    assert (correction.state, correction.error, correction.head) == (JobState.FAILED, "somebody withdrew", None)
