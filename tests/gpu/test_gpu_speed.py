"""`make bench-gpu`: a GPU against the processor of its machine, for one head or image."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from clarify_errors.tensors.encoders import clip, load_encoder
from clarify_errors.tensors.retraining.loss_weights import HeadWeights
from clarify_errors.tensors.retraining.many_heads import train_heads
from clarify_errors.tensors.retraining.objective import evaluate
from clarify_errors.tensors.retraining.problem import Problem
from clarify_errors.tensors.retraining.warm_start import prepare_start
from tests.benchmarks.planted import L2, planted

pytestmark = pytest.mark.gpu

N_HEADS, N_CLASSES, D, N_PICTURES = 26, 1_000, 768, 2_048
N_IMAGES = {"cpu": 20_000, "cuda": 1_281_000}


@pytest.fixture(params=["cpu", "cuda"])
def where(request: pytest.FixtureRequest, device: str, benchmark: Any) -> str:
    """The device to measure; without a GPU neither, since one number says nothing."""
    torch.use_deterministic_algorithms(False)  # as workers compute
    if request.param == "cpu":
        benchmark.extra_info["baseline"] = True
    return str(request.param)


def test_heads_of_the_size_of_celeba(benchmark: Any, where: str) -> None:
    benchmark.group, benchmark.extra_info["heads"] = f"retraining on 162,770 x {D}, per head", N_HEADS
    data = planted(162_770, D, N_HEADS)
    data.features.flags.writeable = False
    start = prepare_start(data.features, data.labels, L2, device=where)
    arguments = data.features, data.labels, data.weights, L2
    benchmark.pedantic(train_heads, arguments, {"start": start, "device": where}, rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_pass_with_a_thousand_classes(benchmark: Any, where: str, dtype: torch.dtype) -> None:
    n = N_IMAGES[where]
    benchmark.group, benchmark.extra_info["images"] = f"a pass with 1,000 classes in {dtype}, per image", n
    some = Problem.of(np.zeros((1, D), np.float32), np.zeros(1, np.int64), L2, N_CLASSES, where)
    many = replace(
        some,
        features=torch.randn(n, D, device=where),
        labels=torch.randint(N_CLASSES, (n,), device=where),
        bfloat16_blocks=None,
    )
    weights, v = HeadWeights.of(torch.ones(n, 1, device=where), torch.float32), many.zeros(1) + 0.01
    benchmark.pedantic(lambda: float(evaluate(many, weights, v, dtype).loss), rounds=3, warmup_rounds=1)


def test_images_embedded_by_the_bundled_encoder(benchmark: Any, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark.group, benchmark.extra_info["images"] = "embedding by the bundled encoder, per image", N_PICTURES
    monkeypatch.setattr(clip, "available_device", lambda: torch.device(where))
    encoder, images = load_encoder("bundled:small-clip"), [Image.new("RGB", (64, 64), "red")] * N_PICTURES
    benchmark.pedantic(encoder.encode_images, (images,), rounds=3, warmup_rounds=1)
