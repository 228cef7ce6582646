import numpy as np
import pytest
import torch

from clarify_errors.tensors.linear_algebra.preconditioner import Preconditioner, whitening


def curvature(p: int, dtype: torch.dtype) -> torch.Tensor:
    x = torch.from_numpy(np.random.default_rng(p).standard_normal((2 * p, p))).to(dtype)
    return x.T @ x / (2 * p) + 0.01 * torch.eye(p, dtype=dtype)


@pytest.mark.parametrize("p", [1, 2, 128, 129, 300])
@pytest.mark.parametrize(("dtype", "within"), [(torch.float32, 1e-3), (torch.float64, 1e-11)])
def test_the_curvature_is_the_identity_in_its_coordinates(p: int, dtype: torch.dtype, within: float) -> None:
    h = curvature(p, dtype)
    w = whitening(h)
    assert w.dtype == dtype and w.is_contiguous()
    torch.testing.assert_close(w @ h @ w.T, torch.eye(p, dtype=dtype), rtol=0, atol=within)


def test_it_is_lower_triangular_and_reads_the_lower_triangle_alone() -> None:
    h = curvature(300, torch.float64)
    w = whitening(h)
    assert torch.equal(w, w.tril())
    assert torch.equal(whitening(h.tril()), w)


def test_it_is_the_inverse_of_the_cholesky_factor() -> None:
    h = curvature(200, torch.float64)
    expected = np.linalg.inv(np.linalg.cholesky(h.numpy()))
    np.testing.assert_allclose(whitening(h).numpy(), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("decay", [1, 3])
def test_single_precision_is_enough_for_the_curvatures_that_training_meets(decay: int) -> None:
    rng, p = np.random.default_rng(0), 400
    rotation = torch.from_numpy(np.linalg.qr(rng.standard_normal((p, p)))[0])
    h = (rotation * 100.0 * torch.arange(1, p + 1) ** -float(decay)) @ rotation.T
    h.diagonal().add_(torch.finfo(torch.float32).eps * p * h.diagonal().max())  # as `curvature_preconditioner` does
    w = whitening(h.float()).double()
    eigenvalues = torch.linalg.eigvalsh(w @ h @ w.T)
    assert eigenvalues.min() > 0.9 and eigenvalues.max() < 1.1


def test_what_is_not_positive_definite_is_refused() -> None:
    with pytest.raises(RuntimeError, match="not positive-definite"):
        whitening(torch.diag(torch.tensor([1.0, -1.0])))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_preconditioner_takes_points_to_its_coordinates_and_steps_back(dtype: torch.dtype) -> None:
    preconditioner = Preconditioner(whitening(curvature(300, dtype)))
    points = torch.from_numpy(np.random.default_rng(0).standard_normal((3, 2, 300))).to(dtype)
    torch.testing.assert_close(preconditioner.to_coordinates(points), points @ preconditioner.whitening.T)
    torch.testing.assert_close(preconditioner.from_coordinates(points), points @ preconditioner.whitening)


def test_a_preconditioner_in_the_values_that_it_has_is_the_same_object() -> None:
    preconditioner = Preconditioner(torch.eye(3))
    assert (
        preconditioner.to(torch.float32) is preconditioner and preconditioner.to(torch.device("cpu")) is preconditioner
    )
    assert preconditioner.to(torch.float64).whitening.dtype == torch.float64


def test_a_rounded_preconditioner_is_nearly_the_same_and_made_once() -> None:
    exact = Preconditioner(whitening(curvature(200, torch.float32)))
    rounded = exact.to(torch.bfloat16)
    assert exact.to(torch.bfloat16) is rounded
    points = torch.randn(3, 2, 200, generator=torch.Generator().manual_seed(0))
    for name in ("to_coordinates", "from_coordinates"):
        one, other = getattr(exact, name)(points), getattr(rounded, name)(points)
        assert other.dtype == torch.float32
        assert float((one - other).norm() / one.norm()) < 0.01
