"""How the encoders of this package load a model and compute with it: in float32, and alike for all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pickle import UnpicklingError

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch.nn.functional import normalize

from modeling.arrays.common.modeling_errors import EncoderUnavailable

# What loading raises for files that are missing, damaged, or another kind of model.
_UNREADABLE = (OSError, ValueError, KeyError, RuntimeError, ImportError, EOFError, UnpicklingError, SafetensorError)


def available_device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def loading(failure: str) -> Iterator[None]:
    """Raise EncoderUnavailable where a model's files are not what they should be: the failure, and the first reason."""
    try:
        yield
    except _UNREADABLE as error:
        reason = str(error).strip().split("\n", maxsplit=1)[0]
        raise EncoderUnavailable(f"{failure}: {reason}") from error


@contextmanager
def exact_inference() -> Iterator[None]:
    """No gradients, and no TF32 in convolutions: similarities are compared with thresholds in float32."""
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


def unit_rows(embeddings: torch.Tensor) -> NDArray[np.float32]:
    """float32[n, dim] of length 1, from what a model returns for n images or texts."""
    rows: NDArray[np.float32] = normalize(embeddings.float(), dim=1).cpu().numpy()
    return rows
