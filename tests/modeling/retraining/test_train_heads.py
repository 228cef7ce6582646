import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from modeling.errors import BadArray, NotConverged
from modeling.retraining import TrainedHeads, train_heads
from modeling.slices import slice_members, slice_membership, slice_weights, uniform_weights

# The vector of docs/methods.md: eight images, two features, λ = .1
X = np.array([[1, 0], [0.5, 1], [-1, 0.2], [0.3, -0.7], [-0.6, -0.4], [0.2, 0.9], [-0.2, 0.5], [0.8, -0.3]])
Y = np.array([1, 1, 0, 0, 0, 1, 0, 1])
SIMILARITIES = np.array([0.30, 0.10, 0.25, 0.15, 0.25, 0.20, 0.40, 0.05], dtype=np.float32)


def slice_balanced() -> NDArray[np.float64]:
    members = slice_members(SIMILARITIES, Y, 0, 0.25) | slice_members(SIMILARITIES, Y, 1, 0.10)
    return slice_weights(Y, slice_membership(members, Y, (0, 1), least=1))


def two_class_direction(heads: TrainedHeads, k: int = 0) -> NDArray[np.float64]:
    """v = w₁ - w₀ with the bias last."""
    difference = np.append(heads.coef[k, 1] - heads.coef[k, 0], heads.intercept[k, 1] - heads.intercept[k, 0])
    return np.asarray(difference, dtype=np.float64)


def problem(
    n: int = 300, d: int = 12, n_classes: int = 2, n_heads: int = 4, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Standardised features, labels that depend on them, and weights of several annotations of class 0."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    x = (x - x.mean(0)) / x.std(0)
    y = (x @ rng.normal(size=(d, n_classes)) + rng.gumbel(size=(n, n_classes))).argmax(1)
    members = [(rng.random(n) < share) & (y == 0) for share in np.linspace(0.2, 0.8, n_heads)]
    return x, y, np.stack([slice_weights(y, slice_membership(m, y, 0)) for m in members], axis=1)


def objective(
    coef: NDArray[np.float64], intercept: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.int64],
    weights: NDArray[np.float64], l2: float,
) -> float:  # fmt: skip
    """F written out again, in numpy, for one head."""
    logits = x @ coef.T + intercept
    shifted = logits - logits.max(1, keepdims=True)
    cross_entropy = np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(y)), y]
    return float(weights @ cross_entropy + l2 / 2 * ((coef**2).sum() + (intercept**2).sum()))


def scikit_learn(
    x: NDArray[np.float64], y: NDArray[np.int64], weights: NDArray[np.float64], c: float
) -> NDArray[np.float64]:
    """The coefficients [1 or C, d + 1] that scikit-learn finds, the bias last and penalised as ours is."""
    model = LogisticRegression(C=c, fit_intercept=False, tol=1e-10, max_iter=10_000)
    return np.asarray(model.fit(np.c_[x, np.ones(len(x))], y, sample_weight=weights).coef_)


@pytest.mark.parametrize(
    ("weights", "loss", "v"),
    [
        (uniform_weights(8), 0.416572, (1.85374, 1.01001, -0.34905)),
        (slice_balanced(), 0.451942, (1.94504, 0.70836, -0.42226)),
    ],
    ids=["ERM", "slice-balanced"],
)
def test_the_published_solutions_are_reached(weights: NDArray[np.float64], loss: float, v: tuple[float, ...]) -> None:
    heads = train_heads(X, Y, weights[:, None], l2=0.1, tolerance=1e-12)
    assert heads.loss[0] == pytest.approx(loss, abs=5e-7)
    np.testing.assert_allclose(two_class_direction(heads), v, atol=6e-6)


def test_two_classes_equal_scikit_learns_logistic_regression() -> None:
    x, y, weights = problem()
    heads = train_heads(x, y, weights, l2=0.05, tolerance=1e-13)
    for k in range(weights.shape[1]):
        np.testing.assert_allclose(
            two_class_direction(heads, k), scikit_learn(x, y, weights[:, k], 2 / 0.05)[0], atol=1e-5
        )


def test_more_classes_equal_scikit_learns_multinomial_regression() -> None:
    x, y, weights = problem(n_classes=5, n_heads=2)
    heads = train_heads(x, y, weights, l2=0.02, tolerance=1e-13)
    for k in range(weights.shape[1]):
        reference = scikit_learn(x, y, weights[:, k], 1 / 0.02)
        np.testing.assert_allclose(np.c_[heads.coef[k], heads.intercept[k]], reference, atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_the_gap_certifies_the_loss(n_classes: int) -> None:
    x, y, weights = problem(n_classes=n_classes)
    loose = train_heads(x, y, weights, l2=0.01, tolerance=1e-2)
    exact = train_heads(x, y, weights, l2=0.01, tolerance=1e-13)
    assert (loose.gap <= 1e-2 * loose.loss).all()
    assert (loose.loss - exact.loss <= loose.gap).all()
    assert (loose.loss >= exact.loss - exact.gap).all()


@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_loss_is_the_stated_objective(n_classes: int) -> None:
    x, y, weights = problem(n_classes=n_classes)
    heads = train_heads(x, y, weights, l2=0.03)
    for k in range(weights.shape[1]):
        assert heads.loss[k] == pytest.approx(
            objective(heads.coef[k], heads.intercept[k], x, y, weights[:, k], 0.03), rel=1e-12
        )


@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_head_comes_out_the_same_alone_and_among_others(n_classes: int) -> None:
    x, y, weights = problem(n_classes=n_classes, n_heads=6)
    together = train_heads(x, y, weights, l2=0.01)
    for k in range(weights.shape[1]):
        alone = train_heads(x, y, weights[:, k : k + 1], l2=0.01)
        np.testing.assert_allclose(alone.coef[0], together.coef[k], rtol=0, atol=1e-10)
        assert alone.loss[0] == pytest.approx(together.loss[k], rel=1e-12)
        predictions = [(x @ coef.T + bias).argmax(1) for coef, bias in
                       [(alone.coef[0], alone.intercept[0]), (together.coef[k], together.intercept[k])]]  # fmt: skip
        np.testing.assert_array_equal(*predictions)


def test_the_same_input_gives_the_same_bits() -> None:
    x, y, weights = problem(n_classes=3)
    first, second = (train_heads(x, y, weights, l2=0.01) for _ in range(2))
    for name in ("coef", "intercept", "loss", "gap"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


def test_float32_features_are_solved_in_float64() -> None:
    x, y, weights = problem()
    heads = train_heads(x.astype(np.float32), y, weights, l2=0.01)
    assert heads.coef.dtype == heads.intercept.dtype == heads.loss.dtype == heads.gap.dtype == np.float64
    assert (heads.gap <= 1e-8 * heads.loss).all()


def test_shapes_follow_the_number_of_classes_that_is_asked_for() -> None:
    x, y, weights = problem()
    heads = train_heads(x, y, weights, l2=0.01, n_classes=3)
    assert heads.coef.shape == (4, 3, 12)
    assert heads.intercept.shape == (4, 3)
    assert not (x @ heads.coef[0].T + heads.intercept[0]).argmax(1).tolist().count(2)  # no image teaches class 2


def test_separable_classes_and_a_small_penalty_still_converge() -> None:
    rng = np.random.default_rng(1)
    y = np.arange(60) % 2
    x = rng.normal(size=(60, 200)) + 4 * y[:, None]
    heads = train_heads((x - x.mean(0)) / x.std(0), y, uniform_weights(60)[:, None], l2=1e-5)
    assert heads.gap[0] <= 1e-8 * heads.loss[0]


def test_constant_features_do_no_harm() -> None:
    x, y, weights = problem()
    heads = train_heads(np.c_[x, np.zeros(len(x))], y, weights, l2=0.01)
    np.testing.assert_array_equal(heads.coef[:, :, -1], 0)


def test_training_leaves_its_input_alone() -> None:
    x, y, weights = problem()
    before = x.tobytes(), y.tobytes(), weights.tobytes()
    train_heads(x, y, weights, l2=0.01)
    assert (x.tobytes(), y.tobytes(), weights.tobytes()) == before


def test_too_few_iterations_are_an_error_not_a_result() -> None:
    x, y, weights = problem(n_classes=3)
    with pytest.raises(NotConverged, match="did not converge in 1 iterations") as caught:
        train_heads(x, y, weights, l2=0.001, max_iterations=1)
    assert caught.value.worst_gap > caught.value.tolerance == 1e-8


def test_the_callers_thread_count_is_left_alone() -> None:
    before = torch.get_num_threads()
    train_heads(X, Y, uniform_weights(8)[:, None], l2=0.1)
    assert torch.get_num_threads() == before


def test_what_does_not_fit_is_refused() -> None:
    weights = uniform_weights(8)[:, None]
    with pytest.raises(BadArray, match=r"must be \[n, d\]"):
        train_heads(X, Y, uniform_weights(8), l2=0.1)
    with pytest.raises(BadArray, match="must have one n"):
        train_heads(X[:5], Y, weights, l2=0.1)
    with pytest.raises(BadArray, match="sum to 1"):
        train_heads(X, Y, weights * 2, l2=0.1)
    with pytest.raises(BadArray, match="sum to 1"):
        train_heads(X, Y, weights * np.nan, l2=0.1)
    with pytest.raises(BadArray, match="finite"):
        train_heads(X + np.inf, Y, weights, l2=0.1)
    with pytest.raises(BadArray, match="l2 must be positive"):
        train_heads(X, Y, weights, l2=0)
    with pytest.raises(BadArray, match="labels must lie in"):
        train_heads(X, Y + 1, weights, l2=0.1, n_classes=2)
    with pytest.raises(BadArray, match="two classes"):
        train_heads(X, Y * 0, weights, l2=0.1)
