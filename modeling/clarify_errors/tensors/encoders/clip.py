"""CLIP-like models from open_clip, computed in float32.

Their weights are a file, or a pretrained tag that is cached or can be fetched.
"""

import difflib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from huggingface_hub import hf_hub_download
from numpy.typing import NDArray
from PIL.Image import Image
from torchvision.transforms import ToTensor

from clarify_errors.arrays.common.digests import file_sha256
from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.tensors.encoders.hub import cached_or_fetched
from clarify_errors.tensors.encoders.inference import available_device, exact_inference, loading, unit_rows
from clarify_errors.tensors.encoders.small_clip import CONFIG_FOLDER, NAME, WEIGHTS_FILE

_WEIGHTS_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
_CONFIG_FILE = "open_clip_config.json"
_PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")


@dataclass(frozen=True)
class WeightsFile:
    """A weights file and the settings that belong to it.

    Attributes
    ----------
    file : pathlib.Path
    quick_gelu : bool
        Whether the model was trained with OpenAI's approximation of GELU.
    preprocessing : dict
        Those of mean, std, interpolation and resize_mode that differ from open_clip's defaults for the model.
    """

    file: Path
    quick_gelu: bool = False
    preprocessing: dict[str, Any] = field(default_factory=dict)


def find_weights(model: str, pretrained: str) -> WeightsFile:
    """Find the weights that `pretrained` names.

    Parameters
    ----------
    model : str
        open_clip's name of the model.
    pretrained : str
        A tag that open_clip knows for the model, otherwise the path of a file.

    Returns
    -------
    WeightsFile

    Raises
    ------
    EncoderUnavailable
        If they cannot be found or fetched; the message says what to do.

    Notes
    -----
    huggingface_hub fetches a tag's file once and caches it. An `open_clip_config.json` beside a weights file, as in
    repositories of open_clip models, gives the file's preprocessing.
    """
    tag = open_clip.get_pretrained_cfg(model, pretrained)
    if tag:
        file = _file_of_tag(f"open_clip:{model}:{pretrained}", model, tag["hf_hub"])
        return WeightsFile(file, bool(tag.get("quick_gelu")), _preprocessing_of(tag))
    file = Path(pretrained)
    if not file.is_file():
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "none"
        raise EncoderUnavailable(
            f"open_clip:{model}:{pretrained} names neither a weights file nor a pretrained tag of {model} "
            f"(known tags: {tags})"
        )
    return _with_config_beside(file)


def _with_config_beside(file: Path) -> WeightsFile:
    config_file = file.with_name(_CONFIG_FILE)
    if not config_file.is_file():
        return WeightsFile(file)
    try:
        config = json.loads(config_file.read_text(encoding="utf-8"))
        quick_gelu = bool(config["model_cfg"].get("quick_gelu"))
        preprocessing = _preprocessing_of(config.get("preprocess_cfg", {}))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EncoderUnavailable(f"{config_file} is not the configuration of an open_clip model") from None
    return WeightsFile(file, quick_gelu, preprocessing)


def _preprocessing_of(config: dict[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in _PREPROCESSING if config.get(name)}


def _file_of_tag(spec: str, model: str, hub_path: str) -> Path:
    repository, wanted = os.path.split(hub_path)
    candidates = (wanted,) if wanted else _WEIGHTS_FILES

    def download(name: str, is_local: bool) -> Path:
        return Path(hf_hub_download(repository, name, local_files_only=is_local))

    return cached_or_fetched(
        repository,
        candidates[0],
        [partial(download, name) for name in candidates],
        f"the weights of {spec} are not on this machine and cannot be fetched: on a machine with a network, "
        f"download {candidates[0]} and {_CONFIG_FILE} from the Hugging Face repository {repository} into one "
        f"folder, copy it here, and use open_clip:{model}:/path/to/{candidates[0]}",
    )


class OpenClipEncoder:
    """An open_clip model in evaluation mode, on the GPU if there is one.

    Parameters
    ----------
    model : str
        open_clip's name of the model.
    weights : WeightsFile

    Attributes
    ----------
    name : str
        Model and weights file.
    dim : int
    logit_scale : float

    Raises
    ------
    EncoderUnavailable
        If weights or tokenizer cannot be loaded.
    """

    def __init__(self, model: str, weights: WeightsFile) -> None:
        self.name = f"{model}/{weights.file.name}"
        self._weights_file = weights.file
        self._device = available_device()
        self._model, self._preprocess = _load_model(model, weights, self._device)
        steps = self._preprocess.transforms
        self._before_tensors = list(takewhile(lambda step: not isinstance(step, ToTensor), steps))
        self._tokenizer = _load_tokenizer(model)
        self.dim = self.encode_texts(["a"]).shape[1]
        self.logit_scale = float(self._model.logit_scale.detach().exp())

    def prepare(self, image: Image) -> Image:
        """Make an image as large as the model takes it.

        Parameters
        ----------
        image : PIL image

        Returns
        -------
        PIL image
            `encode_images` makes the same of it as of the image: whatever is as large already is left as it is.
        """
        for step in self._before_tensors:
            image = step(image)
        return image

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
            batch = torch.stack([self._preprocess(image) for image in images]).to(self._device)
            return unit_rows(self._model.encode_image(batch, normalize=False))

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts as one batch.

        Parameters
        ----------
        texts : sequence of n str
            Cut at the model's context length.

        Returns
        -------
        float32 ndarray of shape (n, dim)
            Unit rows.
        """
        with exact_inference():
            tokens = self._tokenizer(list(texts)).to(self._device)
            return unit_rows(self._model.encode_text(tokens, normalize=False))

    def describe(self) -> dict[str, Any]:
        """Return what decides the embeddings: weights' SHA-256, preprocessing, versions."""
        return {
            "weights_file": self._weights_file.name,
            "weights_sha256": file_sha256(self._weights_file),
            "preprocessing": dict(self._model.visual.preprocess_cfg),
            "precision": "fp32",
            "versions": {"open_clip": open_clip.__version__, "torch": torch.__version__},
        }


def load_open_clip(model: str, pretrained: str) -> OpenClipEncoder:
    """Load the encoder `open_clip:<model>:<pretrained>`.

    Parameters
    ----------
    model : str
        open_clip's name of the model.
    pretrained : str
        A pretrained tag of the model, or the path of a weights file.

    Returns
    -------
    OpenClipEncoder

    Raises
    ------
    EncoderUnavailable
        If the model is unknown, or its weights or tokenizer cannot be loaded; the message says what to do.
    """
    if open_clip.get_model_config(model) is None:
        close = difflib.get_close_matches(model, open_clip.list_models(), n=3, cutoff=0.4)
        raise EncoderUnavailable(
            f"open_clip has no model {model!r}; the closest names are {', '.join(close) or 'none'}"
        )
    return OpenClipEncoder(model, find_weights(model, pretrained))


def load_bundled(weights: Path | None = None) -> OpenClipEncoder:
    """Load the small CLIP that is part of this package.

    Parameters
    ----------
    weights : pathlib.Path, optional
        Weights from another training of the same model. Default: the bundled ones.

    Returns
    -------
    OpenClipEncoder

    Raises
    ------
    EncoderUnavailable
        If the weights are missing or damaged.
    """
    file = weights or WEIGHTS_FILE
    if not file.is_file():
        raise EncoderUnavailable(f"the weights of the bundled encoder are missing: restore {file} from the repository")
    if open_clip.get_model_config(NAME) is None:
        open_clip.add_model_config(CONFIG_FOLDER)
    return OpenClipEncoder(NAME, WeightsFile(file))


def _load_model(model: str, weights: WeightsFile, device: torch.device) -> tuple[Any, Any]:
    with loading(f"{weights.file} does not hold weights of the model {model}"):
        loaded, _, preprocess = open_clip.create_model_and_transforms(
            model,
            pretrained=str(weights.file),
            precision="fp32",
            device=device,
            force_quick_gelu=weights.quick_gelu,
            **{f"image_{name}": value for name, value in weights.preprocessing.items()},
        )
    return loaded.eval(), preprocess


def _load_tokenizer(model: str) -> Any:
    try:
        return open_clip.get_tokenizer(model)
    except (OSError, ImportError) as error:
        raise EncoderUnavailable(
            f"the tokenizer of the model {model} is not on this machine and cannot be fetched: "
            "load the encoder once with a network, or use a model with open_clip's own tokenizer, such as ViT-L-14"
        ) from error
