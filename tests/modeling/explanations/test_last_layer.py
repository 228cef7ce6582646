"""`LastLayer`: an estimator like scikit-learn's own."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import clarify_errors as clarify
from clarify_errors.arrays.retraining.slices import slice_membership, slice_weights
from tests.modeling.explanations.conftest import PlantedFlaw


@parametrize_with_checks([clarify.LastLayer()])  # type: ignore[untyped-decorator]
def test_it_passes_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_it_reaches_the_loss_of_scikit_learns_logistic_regression(flaw: PlantedFlaw) -> None:
    X, y = StandardScaler().fit_transform(flaw.images), flaw.labels
    X = np.hstack([X, np.ones((len(X), 1))])
    ours = clarify.LastLayer(l2=0.1).fit(flaw.images, y)
    theirs = LogisticRegression(C=1 / (0.05 * len(y)), fit_intercept=False, tol=1e-10, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(flaw.images), theirs.predict_proba(X), atol=1e-4)
    assert ours.certified_gap_ <= 1e-8 * ours.loss_


def test_slices_are_weighed_by_the_scheme(flaw: PlantedFlaw) -> None:
    is_red, labels = flaw.colours == "red", (flaw.labels == "square").astype(np.int64)
    layer = clarify.LastLayer(scheme="class_equal").fit(flaw.images, flaw.labels, slices=is_red & (labels == 1))
    expected = slice_weights(labels, slice_membership(is_red & (labels == 1), labels, 1))
    np.testing.assert_allclose(layer._weights(labels, is_red & (labels == 1)), expected)
    plain = clarify.LastLayer().fit(flaw.images, flaw.labels)
    rare = is_red & (labels == 1)
    assert layer.score(flaw.images[rare], flaw.labels[rare]) > plain.score(flaw.images[rare], flaw.labels[rare])


def test_one_class_is_refused(flaw: PlantedFlaw) -> None:
    with pytest.raises(ValueError, match="only one class"):
        clarify.LastLayer().fit(flaw.images, np.full(len(flaw.images), "square"))
