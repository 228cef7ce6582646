from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch

from clarify_errors.arrays.common.modeling_errors import BadArray, BadWarmStart
from clarify_errors.tensors.retraining.many_heads import train_heads
from clarify_errors.tensors.retraining.problem import Problem
from clarify_errors.tensors.retraining.warm_start import WarmStart, curvature_preconditioner, prepare_start
from tests.modeling.tensors.retraining.problems import problem


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_start_comes_back_from_its_file_to_the_bit(tmp_path: Path, dtype: type[np.floating[Any]]) -> None:
    x, y, weights = problem(n_classes=3)
    x, path = x.astype(dtype), tmp_path / "start.safetensors"
    start = prepare_start(x, y, l2=0.01)
    start.save(path)
    loaded = WarmStart.load(path)
    assert torch.equal(loaded.reference, start.reference)
    assert torch.equal(loaded.preconditioner.whitening, start.preconditioner.whitening)
    assert (loaded.l2, loaded.n_classes, loaded.n_features) == (0.01, 3, 12)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    fresh, cached = (train_heads(x, y, weights, l2=0.01, start=given) for given in (None, loaded))
    np.testing.assert_array_equal(cached.coef, fresh.coef)


def test_the_same_start_is_the_same_bytes(tmp_path: Path) -> None:
    x, y, _ = problem()
    for name in ("first", "second"):
        prepare_start(x, y, l2=0.01).save(tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_the_metric_is_that_of_the_hessian_for_two_classes() -> None:
    x, y, _ = problem(n=400, d=3, seed=2)
    start = prepare_start(x, y, l2=0.2)
    z = torch.from_numpy(np.c_[x, np.ones(400)]) @ start.reference[0]
    p = torch.sigmoid(2**0.5 * z).numpy()
    weights = 1 / (2 * np.bincount(y)[y])
    with_ones = np.c_[x, np.ones(400)]
    hessian = with_ones.T @ (with_ones * (2 * weights * p * (1 - p))[:, None]) + 0.2 * np.eye(4)
    whitening = start.preconditioner.whitening.double().numpy()
    # it is taken on the way to the reference, so it is near, not equal
    np.testing.assert_allclose(whitening @ hessian @ whitening.T, np.eye(4), atol=0.02)


@pytest.mark.parametrize(("margin", "counts"), [(2.0, True), (4.0, False)])
def test_images_that_hardly_curve_the_loss_do_not_count_in_its_metric(margin: float, counts: bool) -> None:
    features, labels = np.zeros((40, 2)), np.arange(40) % 2
    features[:10] = [[margin, 1], [-margin, 1]] * 5  # only these have the second feature
    curved = Problem.of(features, labels, 0.1, 2, "cpu")
    v = torch.tensor([[2**-0.5, 0, 0]], dtype=torch.float64)
    whitening = curvature_preconditioner(curved, torch.ones(40).double(), v, 40).whitening
    assert (float(whitening[1, 1]) < 0.99 * 0.1**-0.5) == counts


def test_it_is_prepared_without_a_class_that_has_no_images() -> None:
    x, y, weights = problem()
    start = prepare_start(x, y, l2=0.01, n_classes=4)
    assert start.n_classes == 4
    assert train_heads(x, y, weights, l2=0.01, n_classes=4, start=start).coef.shape == (4, 4, 12)


def test_it_fits_only_the_sizes_and_the_penalty_that_it_was_prepared_for() -> None:
    x, y, weights = problem()
    start = prepare_start(x, y, l2=0.01)
    with pytest.raises(BadArray, match=r"λ = 0\.01, not for 2 classes, 12 features and λ = 0\.02"):
        train_heads(x, y, weights, l2=0.02, start=start)
    with pytest.raises(BadArray, match="not for 2 classes, 11 features"):
        train_heads(x[:, 1:], y, weights, l2=0.01, start=start)
    with pytest.raises(BadArray, match="not for 3 classes"):
        train_heads(x, y, weights, l2=0.01, n_classes=3, start=start)


def test_a_file_that_is_no_start_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no tensors")
    with pytest.raises(BadWarmStart, match="is not a warm start"):
        WarmStart.load(tmp_path / "text")
    safetensors.numpy.save_file({"weight": np.ones(3)}, tmp_path / "head")
    with pytest.raises(BadWarmStart, match="not a warm start of the format"):
        WarmStart.load(tmp_path / "head")
    with pytest.raises(FileNotFoundError):
        WarmStart.load(tmp_path / "absent")


def test_features_that_cannot_be_written_are_on_their_device_once_and_found_again(device: str) -> None:
    assert_found_again(device)


def test_a_device_that_is_no_cpu_is_found_again_by_any_of_its_names() -> None:
    assert_found_again("meta:0")  # "meta", as "cuda" is "cuda:0"


def assert_found_again(device: str) -> None:
    x, y, _ = problem()
    x.flags.writeable = False
    start = prepare_start(x, y, l2=0.01).caching(x, y, device)
    assert start.cache is not None and start.caches(x) and not start.caches(x[1:])
    again = Problem.of(x, y, 0.01, 2, device)
    _, matched = start.matched_to(again)
    assert matched.bfloat16_blocks is start.cache.problem.bfloat16_blocks
    assert again.features.data_ptr() == start.cache.problem.features.data_ptr()
