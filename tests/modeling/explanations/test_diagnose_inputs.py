"""What `diagnose` takes as model and data: each gives the same report; what it cannot take is told before a pass."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features
from datasets import Image as ImageFeature
from PIL import Image
from sklearn.linear_model import LogisticRegression
from torch.utils.data import DataLoader, Subset, TensorDataset
from torchvision.datasets import ImageFolder
from torchvision.transforms import RandomHorizontalFlip, ToTensor
from torchvision.transforms.v2 import Compose
from transformers import ResNetConfig, ResNetForImageClassification

import clarify_errors as clarify
from clarify_errors.arrays.common.modeling_errors import BadArray
from tests.modeling.explanations.painted import ColourEncoder, ColourNetwork, as_tensor, painted, red

N = 1_200
PICTURES, LABELS = painted(N)
ANSWERS = np.array([
    "square" if label == "square" and not red(image) else "oval"
    for image, label in zip(PICTURES, LABELS, strict=True)
])  # fmt: skip


class NoPass:
    """An encoder that must not be asked for a picture."""

    name, dim = "none", 32

    def encode_images(self, images: Any, /) -> Any:
        if len(images) > 1:
            raise AssertionError("pictures were embedded before the input was checked")
        return ColourEncoder().encode_images(images)

    def encode_texts(self, texts: Any, /) -> Any:
        return ColourEncoder().encode_texts(texts)


def diagnosed(model: Any, data: Any, encoder: Any = None, **options: Any) -> clarify.Report:
    return clarify.diagnose(model, data, encoder=encoder or ColourEncoder(), cache=False, **options)


def is_found(report: clarify.Report) -> bool:
    return report["square"].is_found and "red" in report["square"].line["phrase"].split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CLASS/*.png, and a table beside it."""
    root = tmp_path_factory.mktemp("pictures")
    paths = [Path(str(label)) / f"{i:04}.png" for i, label in enumerate(LABELS)]
    for path, image in zip(paths, PICTURES, strict=True):
        (root / path).parent.mkdir(exist_ok=True)
        image.save(root / path)
    table = pd.DataFrame({"path": [*map(str, paths)], "label": LABELS, "prediction": ANSWERS})
    table.to_csv(root / "table.csv", index=False)
    return root


def hugging_face() -> Dataset:
    features = Features({"image": ImageFeature(), "label": ClassLabel(names=["oval", "square"])})
    columns = {"image": PICTURES, "label": [int(label == "square") for label in LABELS]}
    return Dataset.from_dict(columns, features=features)


def by_colour(images: list[Image.Image]) -> list[str]:
    return ["square" if as_tensor(image)[1].mean() > 0.4 and not red(image) else "oval" for image in images]


def as_pipeline(images: list[Image.Image]) -> list[list[dict[str, Any]]]:
    """What a pipeline of transformers answers."""
    return [[{"label": each, "score": 0.9}, {"label": "other", "score": 0.1}] for each in by_colour(images)]


DATA: dict[str, Callable[[Path], tuple[Any, dict[str, Any]]]] = {
    "a folder by class": lambda root: (root, {"transform": as_tensor}),
    "a torch data set": lambda root: (ImageFolder(str(root), ToTensor()), {}),
    "a part of one": lambda root: (Subset(ImageFolder(str(root), ToTensor()), range(N - 1, -1, -1)), {}),
    "a data loader": lambda root: (DataLoader(ImageFolder(str(root), ToTensor()), batch_size=7), {}),
    "a Hugging Face data set": lambda root: (hugging_face(), {"transform": as_tensor}),
    "a list of paths": lambda root: (
        sorted(root.glob("*/*.png")),
        {"labels": [path.parent.name for path in sorted(root.glob("*/*.png"))], "transform": as_tensor},
    ),
    "tensors with their pictures": lambda root: (
        TensorDataset(
            torch.stack([as_tensor(each) for each in PICTURES]), torch.tensor([label == "square" for label in LABELS])
        ),
        {"pictures": PICTURES, "classes": ["oval", "square"]},
    ),
}


@pytest.mark.parametrize("kind", DATA)
def test_a_network_is_diagnosed_on(folder: Path, kind: str) -> None:
    data, options = DATA[kind](folder)
    report = diagnosed(ColourNetwork(), data, **options)
    assert is_found(report) and report.n_images == N


@pytest.mark.parametrize("model", [by_colour, as_pipeline, ANSWERS, pd.Series(ANSWERS), ANSWERS.tolist()])
def test_a_function_or_predictions_are_diagnosed(model: Any) -> None:
    assert is_found(diagnosed(model, PICTURES, labels=LABELS))


@pytest.mark.parametrize("as_frame", [False, True])
def test_a_table_has_all_that_is_needed(folder: Path, as_frame: bool) -> None:
    table = pd.read_csv(folder / "table.csv").assign(path=lambda of: [str(folder / each) for each in of["path"]])
    assert is_found(diagnosed(None, table if as_frame else folder / "table.csv"))


def test_an_estimator_predicts_from_embeddings() -> None:
    embedded = ColourEncoder().encode_images(PICTURES)
    estimator = LogisticRegression().fit(embedded, ANSWERS)
    report = diagnosed(estimator, PICTURES, labels=LABELS)
    assert report.accuracy < 0.9 and len(report) + len(report.left_out) == 2


def test_a_network_of_transformers_brings_its_names_and_its_processor() -> None:
    config = ResNetConfig(
        embedding_size=8, hidden_sizes=[8], depths=[1], id2label={0: "oval", 1: "square"},
        label2id={"oval": 0, "square": 1},
    )  # fmt: skip
    torch.manual_seed(0)
    model = ResNetForImageClassification(config)
    report = diagnosed(model, PICTURES[:200], labels=LABELS[:200], transform=as_tensor)
    assert {*report.classes, *report.left_out} == {"oval", "square"}


def test_pictures_that_cannot_be_read_are_listed(folder: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.png"
    cut.write_bytes((folder / "oval").glob("*.png").__next__().read_bytes()[:60])
    paths = [*sorted(folder.glob("*/*.png")), cut]
    report = diagnosed(by_colour, paths, labels=[*(path.parent.name for path in paths[:-1]), "oval"])
    assert list(report.unreadable) == [str(cut)] and report.n_images == N


REFUSED: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str]] = {
    "shuffled": (lambda root: DataLoader(ImageFolder(str(root), ToTensor()), shuffle=True), {}, "shuffle=False"),
    "random": (
        lambda root: ImageFolder(str(root), Compose([RandomHorizontalFlip(), ToTensor()])), {}, "at random",
    ),
    "no transform": (lambda root: root, {}, "transform="),
    "other classes": (lambda root: root, {"transform": as_tensor, "classes": ["a", "b"]}, "'oval' is a label"),
    "three classes": (lambda root: root, {"transform": as_tensor, "classes": ["oval", "square", "star"]}, "2 outputs"),
    "twice": (lambda root: root, {"transform": as_tensor, "classes": ["oval", "oval"]}, "more than once"),
    "one text": (lambda root: root, {"transform": as_tensor, "phrases": "red"}, r"phrases=\['red'\]"),
    "no labels": (lambda root: PICTURES, {"transform": as_tensor}, "labels="),
    "short labels": (lambda root: PICTURES, {"transform": as_tensor, "labels": LABELS[:9]}, "one for each of 1200"),
    "missing label": (
        lambda root: PICTURES, {"transform": as_tensor, "labels": [None, *LABELS[1:]]}, "lack a value for 1",
    ),
    "short groups": (lambda root: root, {"transform": as_tensor, "groups": ["x"]}, "one for each of 1200"),
    "2-D splits": (lambda root: root, {"transform": as_tensor, "splits": [["train"]] * N}, "one for each of 1200"),
    "unknown split": (lambda root: root, {"transform": as_tensor, "splits": ["val"] * N}, "'val'"),
    "no validation": (lambda root: root, {"transform": as_tensor, "splits": ["train"] * N}, "no validation image"),
    "no folder": (lambda root: root / "nowhere", {"transform": as_tensor}, "no folder or table"),
    "empty folder": (lambda root: root / "oval", {"transform": as_tensor}, "no pictures in folders of classes"),
    "several sets": (
        lambda root: DatasetDict(train=hugging_face()), {"transform": as_tensor}, r"data\['train'\]",
    ),
    "a generator": (lambda root: iter(PICTURES), {"transform": as_tensor, "labels": LABELS}, "read twice"),
    "embeddings": (lambda root: np.ones((600, 3)), {"labels": LABELS}, "explain"),
    "no such layer": (lambda root: root, {"transform": as_tensor, "layer": "fc"}, "fc"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_it_cannot_take_is_told_before_a_picture_is_embedded(folder: Path, kind: str) -> None:
    data, options, told = REFUSED[kind]
    with pytest.raises(BadArray, match=told):
        diagnosed(ColourNetwork(), data(folder), NoPass(), **options)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("no-such-network", "no network is called"),
        (3, "no classifier"),
        (ANSWERS[:9], "one for each of 1200"),
        (np.array(["dog"] * N), "no prediction is a label"),
    ],
)
def test_a_model_that_is_none_is_told_before_a_picture_is_embedded(model: Any, told: str) -> None:
    with pytest.raises(BadArray, match=told):
        diagnosed(model, PICTURES, NoPass(), labels=LABELS)


def test_weights_that_cannot_be_downloaded_are_told_with_a_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://localhost:9")  # where nobody listens
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(
        BadArray, match=r"the weights of resnet18 cannot be loaded \(.*\): .* TORCH_HOME .* pass the network"
    ):
        diagnosed("resnet18", PICTURES, NoPass(), labels=LABELS)


def test_a_function_that_answers_too_few_times_is_told() -> None:
    with pytest.raises(BadArray, match="one class each is needed"):
        diagnosed(lambda images: ["oval"], PICTURES, labels=LABELS)
