"""Error scores of real CLIP similarities against figures known from outside (see ../shared/realdata/README.md)."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clarify_errors.arrays.phrases.error_score import error_score

WATERBIRDS = Path(__file__).parents[5] / "shared" / "realdata" / "waterbirds"

pytestmark = pytest.mark.skipif(not WATERBIRDS.is_dir(), reason="../shared/realdata is not beside the checkout")

KNOWN = {
    "waterbird": {
        "bamboo forest": 0.4343, "bamboo": 0.4176, "woods": 0.4138, "forest": 0.3890, "garden": 0.3617,
        "trees": 0.3511, "rainforest": 0.3236, "bird of prey": 0.0584, "rocks": 0.0,
    },
    "landbird": {"beach": 0.3863, "seagull": 0.3511, "water": 0.3446, "lake": 0.2430, "bird": 0.0},
}  # fmt: skip
CASES = [(name, keyword, score) for name, scores in KNOWN.items() for keyword, score in scores.items()]


def read(name: str) -> list[dict[str, str]]:
    with (WATERBIRDS / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


LABELS = {"landbird": 0, "waterbird": 1}


def column(name: str, key: str, dtype: type) -> NDArray[Any]:
    with (WATERBIRDS / name).open(newline="", encoding="utf-8") as file:
        return np.array([row[key] for row in csv.DictReader(file)]).astype(dtype)


@pytest.mark.parametrize(("class_name", "keyword", "score"), CASES)
def test_keywords_of_waterbirds_score_as_published(class_name: str, keyword: str, score: float) -> None:
    labels = column("val_erm_predictions_captions.csv", "actual", int)
    is_error = column("val_erm_predictions_captions.csv", "pred", int) != labels
    similarities = column(f"val_clip_vitb32_similarity_{class_name}_keywords.csv", keyword, np.float32)
    of_class = labels == LABELS[class_name]
    assert error_score(similarities[of_class], is_error[of_class]).value == pytest.approx(score, abs=5e-5)
