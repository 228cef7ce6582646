"""`manage.py import_head`: a last layer from elsewhere becomes a base model, or one sentence says why not."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from django.core.management import CommandError
from numpy.typing import NDArray

from annotations.models import BaseModel, Dataset
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.heads import Head
from tests.worker.commands.conftest import Command
from worker.common.process_cache import training_set

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


@pytest.fixture
def layer(imported: Dataset) -> Layer:
    """A head for the 12 features of the small sprites that gets some images right and some wrong."""
    rng = np.random.default_rng(3)
    return rng.normal(size=(2, 12)).astype(np.float32), rng.normal(scale=0.1, size=2).astype(np.float32)


def written(folder: Path, kind: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> Path:
    file = folder / f"head.{kind}"
    match kind:
        case "pt":
            torch.save({"fc.weight": torch.from_numpy(weight), "fc.bias": torch.from_numpy(bias)}, file)
        case "pth":
            torch.save(
                {"epoch": 3, "state_dict": {"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)}}, file
            )
        case "safetensors":
            safetensors.numpy.save_file({"weight": weight, "bias": bias}, file)
        case "npz":
            np.savez(file, coef=weight, intercept=bias)
    return file


@pytest.mark.parametrize("kind", ["pt", "pth", "safetensors", "npz"])
def test_the_head_predicts_as_it_does_elsewhere(
    imported: Dataset, command: Command, tmp_path: Path, layer: Layer, kind: str
) -> None:
    weight, bias = layer
    report = command("import_head", "mine", written(tmp_path, kind, weight, bias), "--name", "theirs")
    model, files = BaseModel.objects.get(), imported.files
    shown = np.flatnonzero(files.splits != Split.TRAIN)
    elsewhere = (files.array("features")[shown].astype(np.float64) @ weight.T + bias).argmax(axis=1)
    np.testing.assert_array_equal(model.predicted[shown], elsewhere)
    assert (model.predicted[files.rows(Split.TRAIN)] == BaseModel.NO_PREDICTION).all()
    assert "Stored theirs on mine v1" in report
    assert f"worst group {model.test_metrics['worst_group']:.3f}" in report


def test_a_matrix_alone_is_a_head_without_a_bias(
    imported: Dataset, command: Command, tmp_path: Path, layer: Layer
) -> None:
    np.save(tmp_path / "head.npy", layer[0])
    command("import_head", "mine", tmp_path / "head.npy", "--name", "theirs")
    files = imported.files
    rows = files.rows(Split.TEST)
    elsewhere = (files.array("features")[rows] @ layer[0].T).argmax(axis=1)
    np.testing.assert_array_equal(BaseModel.objects.get().predicted[rows], elsewhere)


def test_the_stored_head_has_the_z_scores_by_which_it_is_retrained(
    imported: Dataset, command: Command, tmp_path: Path, layer: Layer
) -> None:
    command("import_head", "mine", written(tmp_path, "npz", *layer), "--name", "theirs")
    model = BaseModel.objects.get()
    assert model.has_head
    assert model.reference_name == "the imported last layer, which was trained elsewhere"
    assert model.head is not None
    head, mine = Head.from_bytes(bytes(model.head)), training_set(imported).standardization
    np.testing.assert_array_equal(head.standardization.deviation, mine.deviation)
    features = imported.files.array("features")
    np.testing.assert_allclose(head.logits(features), features.astype(np.float64) @ layer[0].T + layer[1], atol=1e-5)


def test_a_head_of_another_clarify_predicts_the_same(imported: Dataset, command: Command, tmp_path: Path) -> None:
    command("train_base_model", "mine", "--l2", "0.5")
    erm = BaseModel.objects.get(name="erm")
    (tmp_path / "head.safetensors").write_bytes(bytes(erm.head or b""))
    command("import_head", "mine", tmp_path / "head.safetensors", "--name", "again")
    assert BaseModel.objects.get(name="again").test_metrics == erm.test_metrics


def test_the_same_file_again_does_nothing_and_another_needs_another_name(
    imported: Dataset, command: Command, tmp_path: Path, layer: Layer
) -> None:
    file = written(tmp_path, "npz", *layer)
    command("import_head", "mine", file, "--name", "theirs")
    assert "Nothing to do: already stored" in command("import_head", "mine", file, "--name", "theirs")
    written(tmp_path, "npz", layer[0], layer[1] + 1)
    with pytest.raises(CommandError, match=r"already exists \(imported last layer\) and cannot be changed"):
        command("import_head", "mine", file, "--name", "theirs")


def test_what_is_no_head_of_this_data_set_is_refused_in_one_sentence(
    imported: Dataset, command: Command, tmp_path: Path, layer: Layer
) -> None:
    weight, bias = layer
    (tmp_path / "cut.pt").write_bytes(written(tmp_path, "pt", weight, bias).read_bytes()[:200])
    (tmp_path / "cut.safetensors").write_bytes(b"nothing")
    (tmp_path / "head.onnx").write_bytes(b"")
    torch.save(torch.nn.Linear(12, 2), tmp_path / "code.pt")
    torch.save([1], tmp_path / "list.pt")
    np.savez(tmp_path / "turned.npz", weight=weight.T, bias=bias)
    np.savez(tmp_path / "dim.npz", weight=np.ones((2, 768), np.float32))
    np.savez(tmp_path / "nan.npz", weight=np.full_like(weight, np.nan), bias=bias)
    np.savez(tmp_path / "integers.npz", weight=weight.astype(np.int64), bias=bias)
    np.savez(tmp_path / "bias.npz", weight=weight, bias=np.ones(3, np.float32))
    np.savez(tmp_path / "none.npz", other=weight)
    safetensors.numpy.save_file({"a.weight": weight, "b.weight": weight}, tmp_path / "two.safetensors")
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    erm = Head.of_layer({"weight": weight}, ["oval", "square"], 12)
    (tmp_path / "classes.safetensors").write_bytes(erm.to_bytes())
    for name, message in {
        "cut.pt": "it is damaged",
        "cut.safetensors": "it is damaged",
        "head.onnx": "its name must end in one of",
        "code.pt": "it is damaged, or holds more than tensors",
        "list.pt": "it holds no state dict",
        "turned.npz": "the weight has the shape (12, 2), but 2 classes and 12 features need (2, 12). Transpose it",
        "dim.npz": "the weight has the shape (2, 768), but 2 classes and 12 features need (2, 12)",
        "nan.npz": "must be finite",
        "integers.npz": "weight and bias must be floating-point numbers",
        "bias.npz": "do not fit",
        "none.npz": "there is no weight among other",
        "two.safetensors": "a.weight and b.weight are more than one layer",
        "objects.npy": "it is damaged, or holds more than tensors",
        "classes.safetensors": "its classes are not those of the data set",
        "gone.npz": "No such file or directory",
    }.items():
        with pytest.raises(CommandError) as refused:
            command("import_head", "mine", tmp_path / name, "--name", "theirs")
        assert message in str(refused.value)
        assert "\n" not in str(refused.value)
    assert not BaseModel.objects.exists()
