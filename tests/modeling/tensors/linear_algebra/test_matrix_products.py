import pytest
import torch

from clarify_errors.tensors.linear_algebra import matrix_products
from clarify_errors.tensors.linear_algebra.matrix_products import matmul, matmul_packed, packed


def matrices(dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(7, 30, generator=generator).to(dtype), torch.randn(30, 11, generator=generator).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_the_matrix_product_in_the_precision_of_its_factors(dtype: torch.dtype) -> None:
    a, b = matrices(dtype)
    product = matmul(a, b)
    assert product.dtype == dtype
    exact = a.double() @ b.double()
    bound = 30 * torch.finfo(dtype).eps * (a.double().abs() @ b.double().abs())
    assert ((product - exact).abs() <= bound).all()


def test_a_factor_may_be_transposed_or_have_gaps() -> None:
    a, b = matrices()
    wide = torch.zeros(7, 90)
    wide[:, ::3] = a
    for left in (a, a.T.contiguous().T, wide[:, ::3]):
        for right in (b, b.T.contiguous().T, torch.cat([b, b], 1)[:, :11]):
            torch.testing.assert_close(matmul(left, right), a @ b)


def test_factors_without_gaps_are_not_copied() -> None:
    a, b = matrices()
    assert matrix_products._dense(a) is a and matrix_products._dense(b.T).data_ptr() == b.data_ptr()
    assert matrix_products._dense(b[:, :5]).is_contiguous()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rows_may_be_packed_for_any_number_of_others(dtype: torch.dtype) -> None:
    a, b = matrices(dtype)
    rows = packed(b.T)
    for some in (a, a[:1], a[::2]):
        torch.testing.assert_close(matmul_packed(some, rows), some @ b)


def test_it_does_without_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = matrices()
    monkeypatch.setattr(matrix_products, "has_onednn", False)
    assert torch.equal(matmul(a, b), a @ b)
    assert torch.equal(matmul_packed(a, packed(b.T)), a @ b)
