import pytest
import torch

from modeling import products
from modeling.retraining.blocks import Block, PackedBlock, PlainBlock


def block(kind: type[PackedBlock] | type[PlainBlock], x: torch.Tensor) -> Block:
    return PackedBlock.of(slice(0, len(x)), x) if kind is PackedBlock else PlainBlock(slice(0, len(x)), x)


@pytest.mark.parametrize("kind", [PlainBlock, PackedBlock])
@pytest.mark.parametrize("has_onednn", [True, False])
def test_products_from_either_side_are_rounded_as_the_features(
    kind: type[PackedBlock] | type[PlainBlock], has_onednn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_onednn:
        monkeypatch.setattr(products, "_of_onednn", None)
        monkeypatch.setattr(products, "_pack", None)
    generator = torch.Generator().manual_seed(0)
    x, coef, residuals = (torch.randn(*shape, generator=generator) for shape in ((65, 19), (3, 19), (3, 65)))
    halves = block(kind, x.bfloat16())
    for product, exact in (
        (halves.logits(coef), coef.bfloat16().double() @ x.bfloat16().double().T),
        (halves.gradient(residuals), residuals.bfloat16().double() @ x.bfloat16().double()),
    ):
        assert product.dtype == torch.bfloat16
        torch.testing.assert_close(product.double(), exact, rtol=2**-8, atol=2**-8)
