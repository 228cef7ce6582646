"""Loading and inference in float32, shared by the encoders of this package."""

from collections.abc import Iterator
from contextlib import contextmanager
from pickle import UnpicklingError

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch.nn.functional import normalize

from clarify_errors.arrays.common.modeling_errors import EncoderUnavailable

# Errors of loaders if files are missing, damaged, or of another kind of model.
_UNREADABLE = (OSError, ValueError, KeyError, RuntimeError, ImportError, EOFError, UnpicklingError, SafetensorError)


def available_device() -> torch.device:
    """Return the GPU if there is one, otherwise the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_kind() -> str:
    """Return the GPU's model, or the instructions of the CPU.

    They decide how results are rounded here.

    Returns
    -------
    str
        Such as `NVIDIA H100 80GB HBM3` or `CPU, AVX512`.
    """
    if available_device().type == "cuda":
        return torch.cuda.get_device_name()
    return f"CPU, {torch.backends.cpu.get_cpu_capability()}"


@contextmanager
def loading(failure: str) -> Iterator[None]:
    """Turn a loader's error into EncoderUnavailable.

    Parameters
    ----------
    failure : str
        Start of the message; the first line of the error's own message follows.

    Raises
    ------
    EncoderUnavailable
        If the files of a model are missing, damaged or of another kind.
    """
    try:
        yield
    except _UNREADABLE as error:
        reason = str(error).strip().split("\n", maxsplit=1)[0]
        raise EncoderUnavailable(f"{failure}: {reason}") from error


@contextmanager
def exact_inference() -> Iterator[None]:
    """Disable gradients, TF32, and sums in any order: similarities are float32."""
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        yield


def unit_rows(embeddings: torch.Tensor) -> NDArray[np.float32]:
    """Scale a model's output to length 1.

    Parameters
    ----------
    embeddings : Tensor of shape (n, dim)

    Returns
    -------
    float32 ndarray of shape (n, dim)
    """
    return normalize(embeddings.float(), dim=1).cpu().numpy()
