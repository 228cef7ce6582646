from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.linear_algebra import matrix_products
from clarify_errors.tensors.retraining import blocks, loss_weights
from clarify_errors.tensors.retraining import problem as problem_module
from clarify_errors.tensors.retraining.blocks import Bfloat16Blocks, Block, PackedBlock, PlainBlock, values_at_once
from clarify_errors.tensors.retraining.many_heads import train_heads
from clarify_errors.tensors.retraining.problem import Problem
from clarify_errors.tensors.retraining.warm_start import prepare_start
from clarify_errors.tensors.retraining.worst_group import train_worst_group
from tests.modeling.tensors.retraining.problems import problem


def block(kind: type[PackedBlock] | type[PlainBlock], x: torch.Tensor) -> Block:
    return PackedBlock.of(slice(0, len(x)), x) if kind is PackedBlock else PlainBlock(slice(0, len(x)), x)


@pytest.mark.parametrize("kind", [PlainBlock, PackedBlock])
@pytest.mark.parametrize("has_onednn", [True, False])
def test_products_from_either_side_are_rounded_as_the_features(
    kind: type[PackedBlock] | type[PlainBlock], has_onednn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_onednn:
        monkeypatch.setattr(matrix_products, "has_onednn", False)
    generator = torch.Generator().manual_seed(0)
    x, coef, residuals = (torch.randn(*shape, generator=generator) for shape in ((65, 19), (3, 19), (3, 65)))
    bfloat16_blocks = block(kind, x.bfloat16())
    for product, exact in (
        (bfloat16_blocks.logits(coef), coef.bfloat16().double() @ x.bfloat16().double().T),
        (bfloat16_blocks.gradient(residuals), residuals.bfloat16().double() @ x.bfloat16().double()),
    ):
        assert product.dtype == torch.bfloat16
        torch.testing.assert_close(product.double(), exact, rtol=2**-8, atol=2**-8)


def test_kept_blocks_are_all_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 64)
    x = torch.randn(150, 19, generator=torch.Generator().manual_seed(0))
    kept = Bfloat16Blocks(x, 1).blocks
    assert [each.rows for each in kept] == [slice(0, 64), slice(64, 128), slice(128, 150)]
    logits = torch.cat([each.logits(torch.eye(19)) for each in kept], 1)
    assert torch.equal(logits, x.bfloat16().T)


@pytest.fixture
def packings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of each time that features are packed, how many images."""
    made, of = [], PackedBlock.of

    def counted(rows: slice, x: torch.Tensor) -> PackedBlock:
        made.append(len(x))
        return of(rows, x)

    monkeypatch.setattr(blocks.PackedBlock, "of", counted)
    monkeypatch.setattr("clarify_errors.tensors.retraining.solver.multiplies_bfloat16", lambda device: True)
    return made


def test_a_start_keeps_what_was_made_of_its_features_and_of_no_others(packings: list[int]) -> None:
    x, y, weights = problem()
    x = x.astype(np.float32)
    start = prepare_start(x, y, l2=0.01)
    assert packings == [300]
    kept = train_heads(x, y, weights, l2=0.01, start=start)
    assert packings == [300]
    others = train_heads(x.copy(), y, weights, l2=0.01, start=start)
    assert packings == [300, 300]
    np.testing.assert_array_equal(others.coef, kept.coef)
    unkept = replace(start, cache=None).caching(x, y)
    for _ in range(2):
        np.testing.assert_array_equal(train_heads(x, y, weights, l2=0.01, start=unkept).coef, kept.coef)
    assert packings == [300, 300, 300]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("change", [lambda x: x[::-1], lambda x: -x, lambda x: 3 * x])
def test_what_was_kept_of_features_that_changed_since_certifies_nothing_false(
    packings: list[int], change: Callable[[NDArray[Any]], NDArray[Any]], dtype: type[np.floating[Any]]
) -> None:
    x, y, weights = problem()
    x = x.astype(dtype)
    start = prepare_start(x, y, l2=0.01)
    x[:] = change(x.copy())
    trained = train_heads(x, y, weights, l2=0.01, start=start)
    np.testing.assert_allclose(trained.loss, train_heads(x.copy(), y, weights, l2=0.01).loss, rtol=1e-7)
    for tolerance in (1e-2, 1e-6):
        worst = train_worst_group(x, y, y, l2=0.01, tolerance=tolerance, start=start)
        assert worst.loss == pytest.approx(train_worst_group(x.copy(), y, y, l2=0.01).loss, rel=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spoilt", [np.nan, np.inf, 1e7])
def test_numbers_that_were_spoilt_since_are_named_or_certified(spoilt: float, dtype: type[np.floating[Any]]) -> None:
    x, y, weights = problem()
    x = x.astype(dtype)
    start = prepare_start(x, y, l2=0.01)
    x[7, 2] = spoilt
    for train in (
        lambda: train_heads(x, y, weights, l2=0.01, start=start).gap[0],
        lambda: train_worst_group(x, y, y, l2=0.01, start=start).gap,
        lambda: train_worst_group(x, y, y, l2=0.01, tolerance=1e-2, start=start).gap,
    ):
        with pytest.raises(BadArray, match="row 7 has a number") if not np.isfinite(spoilt) else nullcontext():
            assert np.isfinite(train())
    with pytest.raises(BadArray, match="row 7 has a number"):
        start.caching(x, y)


def test_numbers_so_large_that_losses_are_infinite_end_in_an_error() -> None:
    x, y, weights = problem(n_classes=4)
    start = prepare_start(x, y, l2=0.01)
    x[7, 2] = 1e300
    with np.errstate(all="ignore"), pytest.raises(BadArray, match="row 7 has a number larger"):
        train_heads(x, y, weights, l2=0.01, start=start)
    with np.errstate(all="ignore"), pytest.raises(BadArray, match="row 7 has a number larger"):
        train_worst_group(x, y, y, l2=0.01, start=start)


@pytest.mark.parametrize("other", [np.zeros(300), np.zeros((300, 2)), np.zeros((300, 2, 1))])
def test_nothing_is_kept_of_features_of_other_sizes(other: NDArray[Any]) -> None:
    x, y, _ = problem()
    with pytest.raises(BadArray, match="the warm start is for features"):
        prepare_start(x, y, l2=0.01).caching(other, y)


def test_the_logits_of_the_reference_are_kept_with_the_features_and_true_of_others() -> None:
    x, y, _ = problem(n_classes=3)
    x = x.astype(np.float32)
    start = prepare_start(x, y, l2=0.01)
    with torch.inference_mode():
        here, same = start.matched_to(Problem.of(x, y, 0.01, 3, "cpu"))
        assert here.logits(same) is start.logits(same)
        there, other = start.matched_to(Problem.of(-x, y, 0.01, 3, "cpu"))
    for logits, features in ((here.logits(same), x), (there.logits(other), -x)):
        expected = start.reference.numpy() @ np.c_[features, np.ones(len(x))].T
        np.testing.assert_allclose(logits[0].numpy(), expected, atol=1e-5)


def test_blocks_in_another_precision_lie_in_the_same_memory_one_after_another() -> None:
    x, y, _ = problem(n=3_000, d=7)
    some = Problem.of(x.astype(np.float32), y, 0.01, 2, "cpu")
    eye = torch.eye(7, dtype=torch.float64)
    logits, places = [], set()
    for each in some.blocks(1, torch.float64):
        assert isinstance(each, PlainBlock)
        logits.append(each.logits(eye))
        places.add(each.x.data_ptr())
    assert len(logits) > 2 and len(places) == 1
    together = torch.cat(logits, 1)
    np.testing.assert_array_equal(together.T.numpy(), x.astype(np.float32).astype(np.float64))


def test_large_features_are_not_kept_twice(packings: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "SMALL", 0)
    x, y, _ = problem()
    start = prepare_start(x.astype(np.float32), y, l2=0.01)
    assert start.cache is None and packings == []


@pytest.mark.parametrize("n_heads", [1, 40, 10_000])
def test_the_logits_of_a_block_are_bounded_however_many_heads_there_are(n_heads: int) -> None:
    x, y, _ = problem(n=20_000)
    some = Problem.of(x.astype(np.float32), y, 0.01, 2, "cpu")
    kept = list(some.blocks(n_heads, torch.bfloat16))
    assert sum(block.rows.stop - block.rows.start for block in kept) == 20_000
    # 64 images are the fewest that are worth a call
    most = max((block.rows.stop - block.rows.start) * n_heads * 2 for block in kept)
    assert most <= 1 << 22 or all(block.rows.stop - block.rows.start == 64 for block in kept[:-1])
    assert (len(kept) == 3) == (n_heads <= 40)


@pytest.fixture
def gpu_of_80_gb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every device takes what a GPU of 80 GB would."""
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=80 * 10**9))

    def of_a_gpu(device: torch.device, *numbers: int, **named: int) -> int:
        return values_at_once(torch.device("cuda"), *numbers, **named)

    for module in (blocks, loss_weights, problem_module):
        monkeypatch.setattr(module, "values_at_once", of_a_gpu)


def blocks_of_imagenet() -> int:
    """How many blocks a pass with 1,000 classes takes, without the memory."""
    some = Problem.of(np.zeros((1, 768), np.float32), np.zeros(1, np.int64), 0.01, 1_000, "meta")
    images = torch.empty(1_281_000, 768, device="meta")
    return sum(1 for _ in replace(some, features=images, bfloat16_blocks=None).blocks(1, torch.float32))


def test_a_processors_blocks_fit_its_cache() -> None:
    assert blocks_of_imagenet() == 2_502
    assert values_at_once(torch.device("cpu"), 12) == 12


@pytest.mark.usefixtures("gpu_of_80_gb")
def test_a_gpus_blocks_follow_its_memory() -> None:
    assert blocks_of_imagenet() == 17
    assert values_at_once(torch.device("cuda"), 10**12) == 10**12


@pytest.mark.parametrize("n_classes", [2, 4])
def test_training_in_large_blocks_ends_at_the_same_certificate(n_classes: int, request: pytest.FixtureRequest) -> None:
    x, y, weights = problem(n=20_000, n_classes=n_classes)
    x = x.astype(np.float32)
    small = train_heads(x, y, weights, l2=0.01)
    request.getfixturevalue("gpu_of_80_gb")
    large = train_heads(x, y, weights, l2=0.01)
    np.testing.assert_allclose(large.loss, small.loss, rtol=1e-8)
    assert (large.gap <= 1e-8 * large.loss).all()
