import gc
import weakref

import numpy as np
import torch

from clarify_errors.tensors.linear_algebra.tensor_conversion import on_device


def test_an_array_that_cannot_be_written_is_copied_once_and_its_copy_goes_with_it() -> None:
    array = np.ones((3, 2), np.float32)
    array.flags.writeable = False
    copy = on_device(array, "meta")
    assert copy is on_device(array, torch.device("meta:0")) and copy.shape == (3, 2)
    kept = weakref.ref(copy)
    del copy
    gc.collect()
    assert kept() is not None
    del array
    gc.collect()
    assert kept() is None


def test_what_may_change_is_copied_each_time_and_nothing_is_copied_on_the_cpu() -> None:
    array = np.ones((3, 2))
    assert on_device(array, "meta") is not on_device(array, "meta")
    array.flags.writeable = False
    assert on_device(array, "cpu").data_ptr() == array.ctypes.data
