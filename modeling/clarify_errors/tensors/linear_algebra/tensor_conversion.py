"""NumPy arrays as torch tensors."""

import warnings
import weakref

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_copies: dict[tuple[int, torch.device], Tensor] = {}  # by an array's id, as long as there is the array


def as_tensor(array: NDArray[np.floating]) -> Tensor:
    """Wrap an array in a tensor.

    Parameters
    ----------
    array : float ndarray

    Returns
    -------
    torch.Tensor
        On the same memory, which must only be read. A copy if torch cannot read the array in place (foreign byte order
        or negative strides).
    """
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if any(stride < 0 for stride in array.strides):
        array = array.copy()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # the tensor is only read
        return torch.from_numpy(array)


def on_device(array: NDArray[np.floating], device: str | torch.device) -> Tensor:
    """Put an array on a device, once for a process if it cannot be written.

    Parameters
    ----------
    array : float ndarray
    device : str or torch.device

    Returns
    -------
    torch.Tensor
        As of `as_tensor` on the CPU. Elsewhere a copy; that of an array that is not writeable is kept as long as the
        array, since its numbers do not change.
    """
    where, tensor = torch.empty(0, device=device).device, as_tensor(array)  # "cuda" is some cuda:0
    if where == tensor.device or array.flags.writeable:
        return tensor.to(where)
    key = id(array), where
    if key not in _copies:
        _copies[key] = tensor.to(where)
        weakref.finalize(array, _copies.pop, key)
    return _copies[key]
