"""CLIP-like models by open_clip's own loader, computed in float32."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from PIL.Image import Image

from modeling.arrays.common.digests import file_sha256
from modeling.arrays.common.modeling_errors import EncoderUnavailable
from modeling.tensors.encoders.inference import available_device, exact_inference, loading, unit_rows
from modeling.tensors.encoders.small_clip import CONFIG_FOLDER, NAME, WEIGHTS_FILE
from modeling.tensors.encoders.weights import WeightsFile, find_weights


class OpenClipEncoder:
    """An open_clip model in evaluation mode, on the GPU where there is one."""

    def __init__(self, model: str, weights: WeightsFile) -> None:
        self.name = f"{model}/{weights.file.name}"
        self._weights_file = weights.file
        self._device = available_device()
        self._model, self._preprocess = _load_model(model, weights, self._device)
        self._tokenizer = _load_tokenizer(model)
        self.dim = self.encode_texts(["a"]).shape[1]
        self.logit_scale = float(self._model.logit_scale.detach().exp())

    def encode_images(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """float32[n, dim], unit rows. The whole sequence is one batch."""
        with exact_inference():
            batch = torch.stack([self._preprocess(image) for image in images]).to(self._device)
            return unit_rows(self._model.encode_image(batch, normalize=False))

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[n, dim], unit rows. A text beyond the model's context length is cut there."""
        with exact_inference():
            tokens = self._tokenizer(list(texts)).to(self._device)
            return unit_rows(self._model.encode_text(tokens, normalize=False))

    def describe(self) -> dict[str, Any]:
        """What decides the embeddings: weights (SHA-256), preprocessing, precision, versions."""
        return {
            "weights_file": self._weights_file.name,
            "weights_sha256": file_sha256(self._weights_file),
            "preprocessing": dict(self._model.visual.preprocess_cfg),
            "precision": "fp32",
            "versions": {"open_clip": open_clip.__version__, "torch": torch.__version__},
        }


def load_open_clip(model: str, pretrained: str) -> OpenClipEncoder:
    """The encoder `open_clip:<model>:<pretrained>`. Raises EncoderUnavailable with what to do."""
    if open_clip.get_model_config(model) is None:
        close = difflib.get_close_matches(model, open_clip.list_models(), n=3, cutoff=0.4)
        raise EncoderUnavailable(
            f"open_clip has no model {model!r}; the closest names are {', '.join(close) or 'none'}"
        )
    return OpenClipEncoder(model, find_weights(model, pretrained))


def load_bundled(weights: Path | None = None) -> OpenClipEncoder:
    """The small CLIP that is part of the package, or with `weights` of another training of it.

    Raises EncoderUnavailable where its weights are missing.
    """
    file = weights or WEIGHTS_FILE
    if not file.is_file():
        raise EncoderUnavailable(f"the bundled encoder's weights are missing: restore {file} from the repository")
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
