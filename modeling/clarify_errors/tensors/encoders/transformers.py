"""CLIP-like models from Hugging Face transformers (such as AltCLIP and ALIGN), computed in float32."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from huggingface_hub import snapshot_download
from numpy.typing import NDArray
from PIL.Image import Image

from clarify_errors.arrays.common.digests import file_sha256
from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.tensors.encoders.hub import cached_or_fetched
from clarify_errors.tensors.encoders.inference import available_device, exact_inference, loading, unit_rows

# CLIP's own length. Texts are padded to one length, so that an embedding does not depend on the other texts.
_CONTEXT_LENGTH = 77

_CONFIGURATION = ["*.json", "*.txt", "*.model"]
_WEIGHTS = ("*.safetensors", "*.bin")  # in order of preference


class TransformersEncoder:
    """A transformers model in evaluation mode, on the GPU if there is one.

    Parameters
    ----------
    model : str
        Name for messages and for `name`. It has `get_image_features` and `get_text_features`.
    folder : pathlib.Path
        Its configuration and weights.

    Attributes
    ----------
    name : str
    dim : int
    logit_scale : float or None
        None if the model does not have one.

    Raises
    ------
    EncoderUnavailable
        If transformers is not installed, or the folder has no such model.
    """

    def __init__(self, model: str, folder: Path) -> None:
        self.name = model
        self._folder = folder
        self._device = available_device()
        self._model, self._processor = _load(model, folder)
        self._model.to(self._device)
        self._length = min(
            _CONTEXT_LENGTH,
            self._processor.tokenizer.model_max_length,
            self._model.config.text_config.max_position_embeddings,
        )
        self.dim = self.encode_texts(["a"]).shape[1]
        self.logit_scale = _logit_scale(self._model)

    def encode_images(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Embed images as one batch.

        Parameters
        ----------
        images : sequence of n PIL images

        Returns
        -------
        float32 ndarray of shape (n, dim)
            Unit rows.
        """
        with exact_inference():
            batch = self._processor.image_processor([image.convert("RGB") for image in images], return_tensors="pt")
            return unit_rows(self._model.get_image_features(**batch.to(self._device)).pooler_output)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts as one batch.

        Parameters
        ----------
        texts : sequence of n str
            Cut at 77 tokens, or at the model's own limit if it is lower.

        Returns
        -------
        float32 ndarray of shape (n, dim)
            Unit rows.
        """
        with exact_inference():
            tokens = self._processor.tokenizer(
                list(texts), padding="max_length", max_length=self._length, truncation=True, return_tensors="pt"
            )
            return unit_rows(self._model.get_text_features(**tokens.to(self._device)).pooler_output)

    def describe(self) -> dict[str, Any]:
        """Return what decides the embeddings: weights, preprocessing, precision, versions.

        Weights are described by the SHA-256 of each file.
        """
        return {
            "weights_sha256": {file.name: file_sha256(file) for file in weights_files(self._folder)},
            "preprocessing": json.loads(self._processor.image_processor.to_json_string()),
            "context_length": self._length,
            "precision": "fp32",
            "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        }


def load_transformers(model: str) -> TransformersEncoder:
    """Load the encoder `transformers:<model or folder>`.

    Parameters
    ----------
    model : str
        A folder, or a model of the Hugging Face hub, which is fetched once.

    Returns
    -------
    TransformersEncoder

    Raises
    ------
    EncoderUnavailable
        If it cannot be loaded; the message says what to do.

    Notes
    -----
    Code in the model's repository is never run.
    """
    transformers.utils.logging.disable_progress_bar()  # otherwise it is drawn even without a terminal
    return TransformersEncoder(model, model_folder(model))


def model_folder(model: str) -> Path:
    """Return the folder of a model.

    Parameters
    ----------
    model : str
        A folder, or a model of the Hugging Face hub, which is fetched once.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    EncoderUnavailable
        If it is neither here nor can be fetched; the message says what to do.
    """
    folder = Path(model)
    return folder if folder.is_dir() else _fetched(model)


def weights_files(folder: Path) -> list[Path]:
    """Return the weights of a model's folder, of the preferred format that it has.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    list of pathlib.Path
    """
    by_format = [sorted(folder.glob(pattern)) for pattern in _WEIGHTS]
    return next((files for files in by_format if files), [])


def _load(model: str, folder: Path) -> tuple[Any, Any]:
    with loading(f"{folder} does not hold a model that transformers can load"):
        loaded = transformers.AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        processor = transformers.AutoProcessor.from_pretrained(folder, local_files_only=True)
    if not (hasattr(loaded, "get_image_features") and hasattr(loaded, "get_text_features")):
        raise EncoderUnavailable(f"{model} is a {type(loaded).__name__}, which does not encode both images and texts")
    return loaded.eval(), processor


def _fetched(model: str) -> Path:
    """Return the folder of a hub model, from the cache or the network. Raise EncoderUnavailable."""

    def download(weights: str, is_local: bool) -> Path | None:
        wanted = None if is_local else [*_CONFIGURATION, weights]
        folder = Path(snapshot_download(model, allow_patterns=wanted, local_files_only=is_local))
        return folder if (folder / "config.json").is_file() and weights_files(folder) else None

    return cached_or_fetched(
        model,
        "config.json",
        [partial(download, weights) for weights in _WEIGHTS],
        f"the model transformers:{model} is not on this machine and cannot be fetched: on a machine with a "
        f"network, download the files of the Hugging Face repository {model} into one folder, copy it here, and "
        "use transformers:/path/to/that/folder",
    )


def _logit_scale(model: Any) -> float | None:
    """Return the factor of the cosines: exp(logit_scale), or 1 / temperature in ALIGN; None if there is neither."""
    if hasattr(model, "logit_scale"):
        return float(model.logit_scale.detach().exp())
    if hasattr(model, "temperature"):
        return 1 / float(model.temperature.detach())
    return None
