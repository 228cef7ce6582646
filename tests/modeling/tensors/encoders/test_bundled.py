from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.tensors.encoders import clip, load_encoder


def test_the_bundled_encoder_tells_red_from_blue() -> None:
    encoder = load_encoder("bundled:small-clip")
    images = [Image.new("RGB", (64, 64), (128, 128, 128)) for _ in range(2)]
    for image, colour in zip(images, [(220, 30, 30), (30, 30, 220)], strict=True):
        image.paste(colour, (20, 20, 44, 44))
    similarities = encoder.encode_images(images) @ encoder.encode_texts(["a red square", "a blue square"]).T
    np.testing.assert_array_equal(similarities.argmax(1), [0, 1])


def test_missing_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip, "WEIGHTS_FILE", tmp_path / "weights.safetensors")
    with pytest.raises(EncoderUnavailable, match=r"bundled encoder are missing: restore .*weights\.safetensors"):
        load_encoder("bundled:small-clip")
