"""NumPy arrays as torch tensors."""

import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


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
