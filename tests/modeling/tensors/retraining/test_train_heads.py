import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from clarify_errors.arrays.common.modeling_errors import BadArray, NotConverged
from clarify_errors.arrays.retraining.slices import uniform_weights
from clarify_errors.arrays.retraining.weighted_loss import weighted_loss
from clarify_errors.tensors.retraining import descent, many_heads, solver
from clarify_errors.tensors.retraining.many_heads import TrainedHeads, train_heads
from clarify_errors.tensors.retraining.objective import evaluate
from tests.modeling.tensors.retraining.problems import X, Y, problem, slice_balanced


def two_class_direction(heads: TrainedHeads, k: int = 0) -> NDArray[np.float64]:
    """v = w₁ - w₀ with the bias last."""
    difference = np.append(heads.coef[k, 1] - heads.coef[k, 0], heads.intercept[k, 1] - heads.intercept[k, 0])
    return np.asarray(difference, dtype=np.float64)


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
def test_the_published_solutions_are_reached(
    weights: NDArray[np.float64], loss: float, v: tuple[float, ...], device: str
) -> None:
    heads = train_heads(X, Y, weights[:, None], l2=0.1, tolerance=1e-12, device=device)
    assert heads.loss[0] == pytest.approx(loss, abs=5e-7)
    np.testing.assert_allclose(two_class_direction(heads), v, atol=6e-6)


def test_two_classes_equal_scikit_learns_logistic_regression(device: str) -> None:
    x, y, weights = problem()
    heads = train_heads(x, y, weights, l2=0.05, tolerance=1e-13, device=device)
    for k in range(weights.shape[1]):
        np.testing.assert_allclose(
            two_class_direction(heads, k), scikit_learn(x, y, weights[:, k], 2 / 0.05)[0], atol=1e-5
        )


def test_more_classes_equal_scikit_learns_multinomial_regression(device: str) -> None:
    x, y, weights = problem(n_classes=5, n_heads=2)
    heads = train_heads(x, y, weights, l2=0.02, tolerance=1e-13, device=device)
    for k in range(weights.shape[1]):
        reference = scikit_learn(x, y, weights[:, k], 1 / 0.02)
        np.testing.assert_allclose(np.c_[heads.coef[k], heads.intercept[k]], reference, atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_the_gap_certifies_the_loss(n_classes: int, device: str) -> None:
    x, y, weights = problem(n_classes=n_classes)
    loose = train_heads(x, y, weights, l2=0.01, tolerance=1e-2, device=device)
    exact = train_heads(x, y, weights, l2=0.01, tolerance=1e-13, device=device)
    assert (loose.gap <= 1e-2 * loose.loss).all()
    assert (loose.loss - exact.loss <= loose.gap).all()
    assert (loose.loss >= exact.loss - exact.gap).all()


@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_loss_is_the_stated_objective(n_classes: int) -> None:
    x, y, weights = problem(n_classes=n_classes)
    heads = train_heads(x, y, weights, l2=0.03)
    for k in range(weights.shape[1]):
        assert heads.loss[k] == pytest.approx(
            weighted_loss(heads.coef[k], heads.intercept[k], x, y, weights[:, k], 0.03), rel=1e-12
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


def test_the_same_input_gives_the_same_bits(device: str) -> None:
    x, y, weights = problem(n_classes=3)
    first, second = (train_heads(x, y, weights, l2=0.01, device=device) for _ in range(2))
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
    with pytest.raises(NotConverged, match=r"not converge in 1 iterations.* Allow more iterations, or use") as caught:
        train_heads(x, y, weights, l2=0.001, max_iterations=1)
    assert caught.value.worst_gap > caught.value.tolerance == 1e-8


def test_the_callers_thread_count_is_left_alone() -> None:
    before = torch.get_num_threads()
    train_heads(X, Y, uniform_weights(8)[:, None], l2=0.1)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("n_classes", [2, 4])
def test_quick_products_in_low_precision_end_at_the_same_certificate(n_classes: int, device: str) -> None:
    x, y, weights = problem(n=900, d=40, n_classes=n_classes, n_heads=5)
    x = x.astype(np.float32)
    exact = train_heads(x.astype(np.float64), y, weights, l2=0.01, tolerance=1e-13, device=device)
    for tolerance in (1e-4, 1e-8, 1e-12):
        heads = train_heads(x, y, weights, l2=0.01, tolerance=tolerance, device=device)
        assert (heads.gap <= tolerance * heads.loss).all()
        assert (heads.loss - exact.loss <= heads.gap + 1e-13).all()
        assert (heads.loss >= exact.loss - exact.gap - 1e-13).all()


def test_float32_features_reach_the_loss_that_scikit_learn_reaches() -> None:
    x, y, weights = problem(n=600, d=30)
    x = x.astype(np.float32)
    heads = train_heads(x, y, weights, l2=0.02)
    for k in range(weights.shape[1]):
        v = scikit_learn(x.astype(np.float64), y, weights[:, k], 2 / 0.02)[0] / 2
        reference = weighted_loss(np.stack([-v[:-1], v[:-1]]), np.array([-v[-1], v[-1]]), x, y, weights[:, k], 0.02)
        assert heads.loss[k] == pytest.approx(reference, rel=1e-6)


@pytest.mark.parametrize("has_bfloat16", [True, False])
def test_a_processor_without_bfloat16_gets_the_same_certificate(
    has_bfloat16: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solver, "multiplies_bfloat16", lambda device: has_bfloat16)
    x, y, weights = problem(n_classes=3)
    heads = train_heads(x.astype(np.float32), y, weights, l2=0.01)
    exact = train_heads(x, y, weights, l2=0.01)
    assert (heads.gap <= 1e-8 * heads.loss).all()
    np.testing.assert_allclose(heads.loss, exact.loss, rtol=1e-6)


def test_the_last_step_is_taken_without_a_pass_and_certified_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [problem(seed=seed) for seed in range(6)]

    def trained() -> list[TrainedHeads]:
        return [train_heads(x.astype(np.float32), y, weights, l2=0.01) for x, y, weights in problems]

    early = trained()
    monkeypatch.setattr(descent, "CAUTION", np.inf)
    late = trained()
    assert sum(each.iterations for each in early) < sum(each.iterations for each in late)
    for one, other in zip(early, late, strict=True):
        assert (one.gap <= 1e-8 * one.loss).all()
        np.testing.assert_allclose(one.loss, other.loss, rtol=1e-8)


def test_what_is_not_a_number_is_not_taken_for_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, weights = problem()

    def spoilt(*arguments: Any) -> Any:
        found = evaluate(*arguments)
        return replace(found, gradient=found.gradient * np.nan)

    monkeypatch.setattr(solver, "evaluate", spoilt)
    with pytest.raises(NotConverged, match="More iterations will not help: use a larger l2 or a looser tolerance"):
        train_heads(x.astype(np.float32), y, weights, l2=0.01)


def test_what_is_too_badly_conditioned_for_float32_is_finished_in_float64(device: str) -> None:
    rng = np.random.default_rng(3)
    y = np.arange(80) % 2
    x = rng.normal(size=(80, 40)) * np.logspace(0, -4, 40) + y[:, None]
    heads = train_heads(x.astype(np.float32), y, uniform_weights(80)[:, None], l2=1e-5, tolerance=1e-10, device=device)
    assert heads.gap[0] <= 1e-10 * heads.loss[0]


def test_separable_float32_features_and_a_small_penalty_do_not_use_up_the_iterations_in_low_precision() -> None:
    rng = np.random.default_rng(60)
    y = rng.permutation(np.arange(131) % 2)
    x = rng.normal(size=(131, 32)) * rng.exponential(size=32) + 2 * rng.normal(size=(2, 32))[y]
    x = ((x - x.mean(0)) / x.std(0)).astype(np.float32)
    weights = rng.exponential(size=(131, 4)) ** 3
    heads = train_heads(x, y, weights, l2=1e-5)
    assert (heads.gap <= 1e-8 * heads.loss).all()


def test_many_heads_are_taken_in_batches_that_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, weights = problem(n_heads=7)
    together = train_heads(x, y, weights, l2=0.01)
    monkeypatch.setattr(many_heads, "SMALL", 2 * len(x))
    in_batches = train_heads(x, y, weights, l2=0.01)
    np.testing.assert_allclose(in_batches.coef, together.coef, rtol=0, atol=1e-10)


@given(
    seed=st.integers(0, 2**32 - 1),
    n_classes=st.integers(2, 4),
    l2=st.floats(1e-4, 10),
    tolerance=st.sampled_from([1e-2, 1e-5, 1e-9]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
@example(seed=7587, n_classes=2, l2=0.453125, tolerance=1e-2, dtype=np.float32)  # ended short of the exact head's 1e-12
@settings(max_examples=25, deadline=None)
def test_the_certificate_bounds_the_true_gap_whatever_the_problem(
    seed: int, n_classes: int, l2: float, tolerance: float, dtype: type[np.floating[Any]]
) -> None:
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(n_classes, 60)), int(rng.integers(1, 12))
    x = (rng.normal(size=(n, d)) * rng.exponential(size=d)).astype(dtype)
    y = rng.permutation(np.arange(n) % n_classes)
    weights = rng.exponential(size=(n, 3)) * (rng.random((n, 3)) < 0.7) + 1e-3
    heads = train_heads(x, y, weights, l2, n_classes=n_classes, tolerance=tolerance)
    exact = train_heads(x.astype(np.float64), y, weights, l2, n_classes=n_classes, tolerance=1e-12)
    assert (heads.gap <= tolerance * heads.loss).all()
    assert (heads.loss - exact.loss <= heads.gap + 1e-14).all()
    assert (heads.loss >= exact.loss - exact.gap - 1e-14).all()
    scaled = weights / weights.sum(axis=0)
    stated = [weighted_loss(heads.coef[k], heads.intercept[k], x, y, scaled[:, k], l2) for k in range(3)]
    np.testing.assert_allclose(heads.loss, stated, rtol=1e-9)


def test_weights_count_by_their_shares_of_their_sum() -> None:
    x, y, weights = problem()
    once, scaled = train_heads(x, y, weights, l2=0.01), train_heads(x, y, weights * [1, 10, 0.1, 3], l2=0.01)
    np.testing.assert_allclose(scaled.coef, once.coef, atol=1e-9)


def reversed_rows(x: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(x[::-1])[::-1]


def read_only(x: NDArray[Any]) -> NDArray[Any]:
    copy = x.copy()
    copy.flags.writeable = False
    return copy


def every_second_column(x: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(x, 2, axis=-1)[..., ::2]


def other_byte_order(x: NDArray[Any]) -> NDArray[Any]:
    return x.astype(x.dtype.newbyteorder(">"))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "laid_out", [reversed_rows, read_only, every_second_column, np.asfortranarray, other_byte_order]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_how_arrays_lie_in_memory_does_not_matter(laid_out: Any, dtype: type[np.floating[Any]]) -> None:
    x, y, weights = problem(n_classes=3)
    x = x.astype(dtype)
    plain = train_heads(x, y, weights, l2=0.01)
    heads = train_heads(laid_out(x), laid_out(y), laid_out(weights), l2=0.01)
    np.testing.assert_allclose(heads.coef, plain.coef, rtol=0, atol=1e-4)
    np.testing.assert_allclose(heads.loss, plain.loss, rtol=1e-7)


def test_half_precision_features_are_computed_with_as_float32() -> None:
    x, y, weights = problem()
    x = x.astype(np.float16)
    heads = train_heads(x, y, weights, l2=0.01)
    np.testing.assert_array_equal(heads.coef, train_heads(x.astype(np.float32), y, weights, l2=0.01).coef)


def bad_row(value: float) -> NDArray[np.float64]:
    x = X.copy()
    x[5, 1] = value
    return x


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"features": X[:5]}, "must have shapes (n, d) and (n,)"),
        ({"features": X[:, 0]}, "must have shapes (n, d) and (n,)"),
        ({"features": X[:0], "labels": Y[:0]}, "n ≥ 1"),
        ({"features": bad_row(np.nan)}, "row 5 has a number not finite"),
        ({"features": bad_row(np.inf)}, "row 5 has a number not finite"),
        ({"features": bad_row(-1e7)}, "row 5 has a number larger than 1e+06"),
        ({"features": X.astype(np.float32) * np.float32(1e38)}, "row 0 has a number larger"),
        ({"features": (X * 10).astype(np.int64)}, "must be floats"),
        ({"labels": Y.astype(np.float64)}, "labels integers"),
        ({"labels": Y * 0}, "all labels are of one class"),
        ({"labels": Y - 1}, "label -1 of row 2"),
        ({"labels": Y + 1, "n_classes": 2}, "label 2 of row 0"),
        ({"weights": uniform_weights(8)}, "must have shape (n, K) with n = 8"),
        ({"weights": uniform_weights(7)[:, None]}, "must have shape (n, K) with n = 8"),
        ({"weights": np.empty((8, 0))}, "K ≥ 1"),
        ({"weights": np.eye(8)[:, :3] * [1, 0, 1]}, "weights[:, 1] must be finite and non-negative"),
        ({"weights": np.eye(8) - 0.1}, "weights[:, 0] must be finite and non-negative"),
        ({"weights": uniform_weights(8)[:, None] * np.nan}, "weights[:, 0] must be finite and non-negative"),
        ({"weights": np.ones((8, 1), np.int64)}, "weights must be floats"),
        ({"l2": 0}, "l2 must be positive"),
        ({"l2": np.nan}, "l2 must be positive"),
        ({"l2": np.inf}, "l2 must be positive and finite"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_and_where(changed: dict[str, Any], message: str) -> None:
    fitting = {"features": X, "labels": Y, "weights": uniform_weights(8)[:, None], "l2": 0.1}
    with pytest.raises(BadArray, match=re.escape(message)):
        train_heads(**{**fitting, **changed})
