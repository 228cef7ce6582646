"""Captions of images by a model of Hugging Face transformers, such as BLIP (Li et al., 2022)."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
import transformers
from PIL.Image import Image

from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable
from clarify_errors.arrays.datasets.dataset_files import file_sha256
from clarify_errors.arrays.keywords.caption_files import tidy
from clarify_errors.tensors.encoders.inference import available_device, exact_inference, loading
from clarify_errors.tensors.encoders.transformers import model_folder, weights_files

_MAX_TOKENS = 30  # of a caption


class Captioner(Protocol):
    """Anything that captions images.

    `python:<module>:<factory>` names a function without arguments that returns one.

    Attributes
    ----------
    name : str
    """

    name: str

    def caption(self, images: Sequence[Image]) -> list[str]:
        """Caption images as one batch.

        Parameters
        ----------
        images : sequence of n PIL images

        Returns
        -------
        list of n str
        """
        ...

    def describe(self) -> dict[str, Any]:
        """Return what decides the captions, as JSON values."""
        ...


class TransformersCaptioner:
    """An image-to-text model in evaluation mode, on the GPU if there is one.

    It takes the likeliest word each time.

    Parameters
    ----------
    model : str
        A folder, or a model of the Hugging Face hub, which is fetched once.

    Attributes
    ----------
    name : str

    Raises
    ------
    EncoderUnavailable
        If it cannot be loaded; the message says what to do.
    """

    def __init__(self, model: str) -> None:
        transformers.utils.logging.disable_progress_bar()
        self.name = model
        self._folder = folder = model_folder(model)
        self._device = available_device()
        with loading(f"{folder} does not hold a model that writes captions"):
            loaded = transformers.AutoModelForImageTextToText.from_pretrained(
                folder, local_files_only=True, dtype=torch.float32
            )
            self._processor: Any = transformers.AutoProcessor.from_pretrained(folder, local_files_only=True)
        self._model: Any = loaded.eval().to(self._device)

    def caption(self, images: Sequence[Image]) -> list[str]:
        """Caption images as one batch.

        Parameters
        ----------
        images : sequence of n PIL images

        Returns
        -------
        list of n str
        """
        with exact_inference():
            batch = self._processor(images=[image.convert("RGB") for image in images], return_tensors="pt")
            tokens = self._model.generate(
                pixel_values=batch["pixel_values"].to(self._device), max_new_tokens=_MAX_TOKENS, do_sample=False
            )
        return [tidy(text) for text in self._processor.batch_decode(tokens, skip_special_tokens=True)]

    def describe(self) -> dict[str, Any]:
        """Return what decides the captions: weights and versions.

        Weights are described by the SHA-256 of each file.
        """
        return {
            "weights_sha256": {file.name: file_sha256(file) for file in weights_files(self._folder)},
            "max_new_tokens": _MAX_TOKENS,
            "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        }


def load(model: str) -> Captioner:
    """Load a captioner of transformers.

    Parameters
    ----------
    model : str
        A folder, or a model of the Hugging Face hub.

    Returns
    -------
    Captioner

    Raises
    ------
    EncoderUnavailable
        If it cannot be loaded; the message says what to do.
    """
    if not model:
        raise EncoderUnavailable("name a model: transformers:Salesforce/blip-image-captioning-base, or a folder of it")
    return TransformersCaptioner(model)
