"""Tests that compare a GPU with the CPU beside it."""

import numpy as np
import pytest
import torch
from PIL import Image

from clarify_errors.tensors.encoders import clip, load_encoder
from clarify_errors.tensors.retraining.many_heads import train_heads
from tests.modeling.tensors.retraining.problems import problem

pytestmark = pytest.mark.gpu


def test_images_and_texts_have_the_cpus_embeddings_to_rounding(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    images = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "white")]
    there = load_encoder("bundled:small-clip")
    monkeypatch.setattr(clip, "available_device", lambda: torch.device("cpu"))
    here = load_encoder("bundled:small-clip")
    np.testing.assert_allclose(there.encode_images(images), here.encode_images(images), atol=1e-5)
    np.testing.assert_allclose(there.encode_texts(["a red square"]), here.encode_texts(["a red square"]), atol=1e-5)
    assert np.array_equal(there.encode_images(images), there.encode_images(images))


@pytest.mark.parametrize("n_classes", [2, 7])
def test_heads_have_the_cpus_losses_to_their_certificate(n_classes: int, device: str) -> None:
    x, y, weights = problem(n=2_000, d=40, n_classes=n_classes)
    x = x.astype(np.float32)
    there, here = (train_heads(x, y, weights, l2=0.01, device=each) for each in (device, "cpu"))
    np.testing.assert_allclose(there.loss, here.loss, rtol=2e-8)
