import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.baselines.dfr import train_dfr
from clarify_errors.tensors.baselines.grouped import GroupedFeatures


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("fit_on", ["validation", "train"])
def test_balanced_regressions_lift_the_worst_group(fit_on, splits, worst_group) -> None:
    train, validation, test = splits
    erm = make_pipeline(StandardScaler(), LogisticRegression()).fit(train.features, train.labels)
    dfr = train_dfr(train, validation, rng=rng(), fit_on=fit_on)
    assert worst_group(test, dfr) > worst_group(test, erm) + 0.1


def test_one_model_on_a_balanced_split_is_scikit_learns_regression(splits) -> None:
    train, validation, test = splits
    dfr = train_dfr(train, validation, rng=rng(), c_options=[0.1], n_models=1)
    scaler = StandardScaler().fit(train.features)
    reference = LogisticRegression(l1_ratio=1, C=0.1, solver="liblinear", tol=1e-8, max_iter=10_000)
    reference.fit(scaler.transform(validation.features), validation.labels)
    scores = reference.decision_function(scaler.transform(test.features))
    logits = dfr.logits(test.features)
    np.testing.assert_allclose(logits[:, 1] - logits[:, 0], scores, atol=2e-2)
    assert (dfr.predict(test.features) == reference.predict(scaler.transform(test.features))).mean() > 0.99


def test_a_strong_penalty_leaves_only_the_feature_that_tells_the_label(splits) -> None:
    train, validation, _ = splits
    dfr = train_dfr(train, validation, rng=rng(), c_options=[0.05])
    v = np.abs(dfr.coef[1] - dfr.coef[0])
    assert v.argmax() == 0
    assert (v[2:] < 0.1 * v[0]).all()


def test_c_is_chosen_by_worst_group_accuracy_and_the_earlier_of_tied_ones(splits) -> None:
    train, validation, _ = splits
    for c_options in ([1e-6, 0.1], [0.1, 0.1000001]):  # 1e-6 predicts nothing
        assert train_dfr(train, validation, rng=rng(), c_options=c_options, n_models=1).details["C"] == 0.1


def test_the_number_of_models_is_as_published(splits, monkeypatch: pytest.MonkeyPatch) -> None:
    train, validation, _ = splits
    fits: list[int] = []
    fit = LogisticRegression.fit

    def counted(self, x, y):
        fits.append(len(x))
        return fit(self, x, y)

    monkeypatch.setattr(LogisticRegression, "fit", counted)
    train_dfr(train, validation, rng=rng(), c_options=[0.1, 1.0])
    assert len(fits) == 2 + 20
    assert fits[2:] == [160] * 20
    fits.clear()
    train_dfr(train, validation, rng=rng(), c_options=[0.1, 1.0], fit_on="train")
    assert fits == [40] * (2 + 10)


def test_the_same_seed_gives_the_same_layer_and_another_seed_another(splits) -> None:
    train, validation, _ = splits
    first, second, other = (
        train_dfr(train, validation, rng=rng(seed), fit_on="train", n_models=2) for seed in (1, 1, 2)
    )
    assert first.coef.tobytes() == second.coef.tobytes()
    assert first.coef.tobytes() != other.coef.tobytes()


def test_more_than_two_classes_are_each_set_against_the_rest() -> None:
    labels = rng(4).integers(0, 3, 240)
    x = rng(5).normal(size=(240, 3), scale=0.5) + np.eye(3)[labels] * 3
    data = GroupedFeatures(x, labels, labels)
    dfr = train_dfr(data, data, rng=rng(), n_models=3)
    assert dfr.coef.shape == (3, 3)
    assert (dfr.predict(x) == labels).mean() > 0.95


def test_a_validation_set_that_lacks_a_class_is_refused(splits) -> None:
    train, validation, _ = splits
    with pytest.raises(BadArray, match=r"a balanced subset of .* images lacks one of the 2 classes"):
        train_dfr(train, validation.take(np.flatnonzero(validation.labels == 0)), rng=rng())
    with pytest.raises(BadArray, match="at least two"):
        train_dfr(train, validation.take(np.array([0])), rng=rng())
