"""Load the bundled encoder by open_clip's own loader. Nothing is fetched: config and weights are in the package."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from open_clip.factory import add_model_config, create_model_and_transforms, get_tokenizer
from PIL import Image

from modeling.small_clip import CONFIG_FOLDER, NAME, WEIGHTS_FILE
from modeling.sprites import Images

_BATCH = 256


@dataclass(frozen=True)
class SmallClip:
    """The model (fp32, in evaluation mode) with its preprocessing and its tokenizer."""

    model: Any
    preprocess: Callable[[Image.Image], torch.Tensor]
    tokenizer: Callable[[list[str]], torch.Tensor]

    def encode_images(self, images: Images) -> npt.NDArray[np.float32]:
        """Unit rows float32[n, 64] of images uint8[n, height, width, 3]."""
        return self._rows([self._encode_batch(images[i : i + _BATCH]) for i in range(0, len(images), _BATCH)])

    def encode_texts(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """Unit rows float32[n, 64]."""
        with torch.inference_mode():
            return self._rows([self.model.encode_text(self.tokenizer(texts), normalize=True)])

    def _encode_batch(self, images: Images) -> torch.Tensor:
        inputs = torch.stack([self.preprocess(Image.fromarray(image)) for image in images])
        with torch.inference_mode():
            embeddings: torch.Tensor = self.model.encode_image(inputs, normalize=True)
        return embeddings

    @staticmethod
    def _rows(parts: list[torch.Tensor]) -> npt.NDArray[np.float32]:
        rows: npt.NDArray[np.float32] = torch.cat(parts).numpy()
        return rows


def load(weights: Path = WEIGHTS_FILE) -> SmallClip:
    """The encoder with the bundled weights, or with those of another training run.

    Raises RuntimeError (from open_clip) where the weights file does not fit the model.
    """
    _register()
    model, _, preprocess = create_model_and_transforms(NAME, pretrained=str(weights), precision="fp32")
    return SmallClip(model.eval(), preprocess, get_tokenizer(NAME))


@cache
def _register() -> None:
    add_model_config(CONFIG_FOLDER)  # type: ignore[no-untyped-call]
