import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.standardization import Standardization, unit_rows
from clarify_errors.arrays.embeddings.zero_shot import ZeroShot
from clarify_errors.arrays.retraining.heads import Head
from clarify_errors.tensors.baselines.wise_ft import wise_ft

RNG = np.random.default_rng(0)
IMAGES = unit_rows(RNG.normal(size=(50, 6)) + 0.3)
CLASSES = unit_rows(RNG.normal(size=(3, 6)))
COEF, INTERCEPT = RNG.normal(size=(3, 6)), RNG.normal(size=3)
SCALING = Standardization.fit(IMAGES)


def test_at_one_it_is_the_trained_head_on_unit_features() -> None:
    trained = wise_ft(CLASSES, COEF, INTERCEPT, SCALING, alpha=1)
    head = Head.of(COEF, INTERCEPT, SCALING, ("a", "b", "c"))
    np.testing.assert_allclose(trained.logits(IMAGES), head.logits(IMAGES), atol=1e-4)
    np.testing.assert_array_equal(trained.predict(IMAGES), head.predict(IMAGES))


def test_at_zero_it_is_the_zero_shot_classifier_scaled() -> None:
    zero_shot = wise_ft(CLASSES, COEF, INTERCEPT, SCALING, alpha=0, logit_scale=50)
    np.testing.assert_allclose(zero_shot.logits(IMAGES), 50 * IMAGES @ CLASSES.T, atol=1e-5)
    np.testing.assert_array_equal(zero_shot.predict(IMAGES), ZeroShot(CLASSES, np.arange(3)).predict(IMAGES))


def test_between_them_logits_are_interpolated() -> None:
    ends = [wise_ft(CLASSES, COEF, INTERCEPT, SCALING, alpha=alpha).logits(IMAGES) for alpha in (0, 1)]
    half = wise_ft(CLASSES, COEF, INTERCEPT, SCALING)
    np.testing.assert_allclose(half.logits(IMAGES), (ends[0] + ends[1]) / 2, atol=1e-9)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BadArray, match=r"must have shapes \(C, d\), \(C, d\) and \(C,\)"):
        wise_ft(CLASSES[:2], COEF, INTERCEPT, SCALING)
    with pytest.raises(BadArray, match="the z-score has 6 dimensions, coef 5"):
        wise_ft(CLASSES[:, :5], COEF[:, :5], INTERCEPT, SCALING)
    with pytest.raises(BadArray, match="class embedding 1 does not have length 1"):
        wise_ft(CLASSES * [[1], [0], [1]], COEF, INTERCEPT, SCALING)
    with pytest.raises(BadArray, match="coef and intercept must be finite"):
        wise_ft(CLASSES, COEF, INTERCEPT * np.nan, SCALING)
    with pytest.raises(BadArray, match="alpha must be in"):
        wise_ft(CLASSES, COEF, INTERCEPT, SCALING, alpha=1.5)
    for scale in (0.0, -100.0, np.nan):
        with pytest.raises(BadArray, match="logit scale must be positive and finite"):
            wise_ft(CLASSES, COEF, INTERCEPT, SCALING, logit_scale=scale)
