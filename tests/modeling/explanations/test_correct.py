"""`Explanation.correct`: a retrained last layer, its control, and what the phrase itself adds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import clarify_errors as clarify
from clarify_errors.arrays.common.modeling_errors import BadArray, SliceTooSmall
from clarify_errors.arrays.embeddings.standardization import Standardization, unit_rows
from clarify_errors.arrays.retraining.control import control_weights
from clarify_errors.arrays.retraining.slices import slice_membership, slice_weights
from clarify_errors.tensors.retraining.many_heads import train_heads
from tests.modeling.explanations.conftest import BIG, RED, PlantedFlaw


@pytest.fixture(scope="module")
def report(flaw: PlantedFlaw) -> clarify.Explanation:
    return clarify.explain(
        flaw.images, flaw.labels, flaw.predictions,
        phrases={"red": RED, "big": BIG, "blue": -RED}, groups=flaw.colours, splits=flaw.splits,
    )  # fmt: skip


@pytest.fixture(scope="module")
def correction(report: clarify.Explanation) -> clarify.Correction:
    return report.correct("red")


def test_the_planted_phrase_has_a_gain_of_its_own_that_the_interval_keeps_from_0(
    correction: clarify.Correction,
) -> None:
    gain = correction.gain
    assert gain.own == gain.corrected - gain.control
    assert 0.02 < gain.low < gain.own < gain.high
    assert gain.base < gain.control < gain.corrected
    assert str(gain).startswith(f"worst group {gain.base:.1%} before")


def test_a_phrase_that_has_nothing_to_do_with_the_errors_has_none(report: clarify.Explanation) -> None:
    gain = report.correct("big", threshold=0.0).gain
    assert gain.corrected > gain.base  # equal class weights alone do that
    assert gain.low < 0.02 and abs(gain.own) < 0.05


def test_a_correction_says_its_gain_and_what_it_costs(
    report: clarify.Explanation, correction: clarify.Correction
) -> None:
    said, table = str(correction), correction.table()
    changes = (table.corrected - table.control)[: len(correction.group_names)]
    assert said.startswith(str(correction.gain))
    assert f"{changes.idxmin()} loses {-100 * changes.min():.1f} points" in said
    assert "“red” tells errors apart best" in str(report) and len(str(report)) < 300


def test_a_report_in_which_nothing_separates_says_so(flaw: PlantedFlaw) -> None:
    report = clarify.explain(
        flaw.images, flaw.labels, flaw.predictions, phrases={"blue": -RED}, splits=flaw.splits, target_class="square"
    )
    assert str(report) == "square: no phrase tells errors apart"


def test_a_saved_head_predicts_the_same(flaw: PlantedFlaw, correction: clarify.Correction, tmp_path: Path) -> None:
    correction.save(tmp_path / "head.safetensors")
    head = clarify.load_head(tmp_path / "head.safetensors")
    names = np.array(head.class_names)[head.predict(flaw.images)]
    assert names.tolist() == correction.predict(flaw.images).tolist()


def test_the_heads_are_those_of_the_methods_functions(
    flaw: PlantedFlaw, report: clarify.Explanation, correction: clarify.Correction
) -> None:
    train = flaw.splits == "train"
    features, labels = unit_rows(flaw.images[train]), (flaw.labels[train] == "square").astype(np.int64)
    above = (features @ RED.astype(np.float32) > np.float32(correction.annotation.threshold)) & (labels == 1)
    assert (correction.n_above, correction.n_below) == (above.sum(), (labels == 1).sum() - above.sum())
    weights = [slice_weights(labels, slice_membership(above, labels, 1)), control_weights(labels, 1)]
    trained = train_heads(Standardization.fit(features).apply(features), labels, np.stack(weights, axis=1), 0.01)
    np.testing.assert_allclose(correction.head.coef, trained.coef[0], atol=1e-5)
    np.testing.assert_allclose(correction.control_head.coef, trained.coef[1], atol=1e-5)


def test_the_table_has_every_group_before_and_after(flaw: PlantedFlaw, correction: clarify.Correction) -> None:
    table = correction.table()
    assert list(table.index[:4]) == ["oval, blue", "oval, red", "square, blue", "square, red"]
    test = flaw.splits == "test"
    predicted = correction.predict(flaw.images[test])
    of_group = (flaw.labels[test] == "square") & (flaw.colours[test] == "red")
    assert table.corrected["square, red"] == pytest.approx((predicted == "square")[of_group].mean())
    assert table.corrected["worst group"] == table.corrected[:4].min() == correction.gain.corrected
    assert table.base["square, red"] == 0
    pd.testing.assert_series_equal(table.own_gain, table.corrected - table.control, check_names=False)


def test_the_torch_layer_predicts_as_the_head(flaw: PlantedFlaw, correction: clarify.Correction) -> None:
    layer = correction.to_torch()
    rows = unit_rows(flaw.images)
    with torch.no_grad():
        logits = layer(torch.from_numpy(rows)).numpy()
    np.testing.assert_allclose(logits, correction.head.logits(flaw.images), atol=1e-4)
    assert (np.array(["oval", "square"])[logits.argmax(1)] == correction.predict(flaw.images)).mean() > 0.999


def test_without_groups_the_worst_class_is_measured(flaw: PlantedFlaw) -> None:
    report = clarify.explain(flaw.images, flaw.labels, flaw.predictions, phrases={"red": RED}, splits=flaw.splits)
    assert list(report.correct("red").table().index[:2]) == ["oval", "square"]


def test_other_features_are_trained_on_where_they_are_given(flaw: PlantedFlaw) -> None:
    features = np.hstack([flaw.images, np.ones((len(flaw.images), 2))])
    report = clarify.explain(
        flaw.images, flaw.labels, flaw.predictions, phrases={"red": RED}, splits=flaw.splits, features=features
    )
    assert report.correct("red").head.coef.shape == (2, features.shape[1])


def test_what_cannot_be_corrected_is_named(flaw: PlantedFlaw, report: clarify.Explanation) -> None:
    with pytest.raises(BadArray, match="was not scored"):
        report.correct("green")
    with pytest.raises(BadArray, match="separates nothing"):
        report.correct("blue")
    with pytest.raises(SliceTooSmall, match="of “square” into 0 above"):
        report.correct("red", threshold=0.999)
    with pytest.raises(BadArray, match="scheme"):
        report.correct("red", scheme="magic")
    without_test = np.where(flaw.splits == "test", "train", flaw.splits)
    untested = clarify.explain(flaw.images, flaw.labels, flaw.predictions, phrases={"red": RED}, splits=without_test)
    with pytest.raises(BadArray, match="no test image"):
        untested.correct("red")
