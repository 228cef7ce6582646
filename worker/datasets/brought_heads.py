"""Heads that others trained, read from the files of torch, NumPy and safetensors."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError

from annotations.models import Dataset
from clarify_errors.arrays.common.modeling_errors import BadHead
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.heads import FORMAT, Head, read_metadata
from worker.common.process_cache import training_set

SUFFIXES = (".pt", ".pth", ".safetensors", ".npz", ".npy")


def read_head(file: Path, dataset: Dataset) -> Head:
    """Read a head for a data set's features, by the z-scores of its train images where it has some.

    Raises BadHead, with the reason, and BadDataset.
    """
    files = dataset.files
    entry = files.manifest.arrays.get("features")
    if entry is None:
        raise BadHead(f"{dataset} has no features, so no head can predict on it")
    try:
        tensors = _read(file)
        if file.suffix == ".safetensors" and read_metadata(file.read_bytes()).get("format") == FORMAT:
            _check_classes(Head.from_bytes(file.read_bytes()), files.class_names)
        head = Head.of_layer(tensors, files.class_names, entry.dim)
    except BadHead as error:
        raise BadHead(f"{file}: {error}") from error
    return head.restandardized(training_set(dataset).standardization) if len(files.rows(Split.TRAIN)) else head


def _read(file: Path) -> Mapping[str, NDArray[Any]]:
    if file.suffix not in SUFFIXES:
        raise BadHead(f"its name must end in one of {', '.join(SUFFIXES)}")
    try:
        if file.suffix in (".pt", ".pth"):
            return _of_torch(torch.load(file, map_location="cpu", weights_only=True))
        if file.suffix == ".safetensors":
            return safetensors.numpy.load(file.read_bytes())
        loaded = np.load(file, allow_pickle=False)
    except OSError as error:
        raise BadHead(error.strerror or "it cannot be read") from error
    except (
        ValueError, EOFError, RuntimeError, TypeError, KeyError, zipfile.BadZipFile, pickle.UnpicklingError,
        SafetensorError,
    ) as error:  # fmt: skip
        raise BadHead(f"it is damaged, or holds more than tensors: {str(error).partition(chr(10))[0]}") from error
    if isinstance(loaded, np.lib.npyio.NpzFile):
        with loaded:
            return dict(loaded)
    return {"weight": loaded}


def _of_torch(loaded: Any) -> dict[str, NDArray[Any]]:
    """The tensors of a state dict, which may stand in a checkpoint."""
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else None
    if not isinstance(state, dict):
        raise BadHead("it holds no state dict. Save one by torch.save(layer.state_dict(), …)")
    return {str(name): each.float().numpy() for name, each in state.items() if isinstance(each, torch.Tensor)}


def _check_classes(head: Head, class_names: tuple[str, ...]) -> None:
    if head.class_names != tuple(class_names):
        raise BadHead("its classes are not those of the data set, in their order")
