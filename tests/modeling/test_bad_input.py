"""The functions of `public_functions`, which take arrays, and every way in which each of them can be bad.

Each gives an error that the library raises on purpose, which says what is wrong and where, and never a silent NaN.
Arrays that only lie awkwardly in memory are no error: they give the same result.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from clarify_errors.arrays.common.modeling_errors import ModelingError
from tests.modeling.bad_arrays import Array, every_second, narrow, other_byte_order, transposed
from tests.modeling.public_functions import PUBLIC

CASES = [
    pytest.param(name, argument, *bad, id=f"{name}-{argument}-{kind}")
    for name, public in PUBLIC.items()
    for argument, kinds in public.bad.items()
    for kind, bad in kinds.items()
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "argument", "spoil", "where"), CASES)
def test_bad_input_is_an_error_that_says_what_and_where(
    name: str, argument: str, spoil: Callable[[Array], Array], where: str
) -> None:
    public = PUBLIC[name]
    with pytest.raises(ModelingError) as caught:
        public.call(**{**public.fitting, argument: spoil(public.fitting[argument])})
    message = str(caught.value)
    assert re.search(public.word(argument), message), message
    assert re.search(where, message), message


@pytest.mark.parametrize("name", PUBLIC)
def test_each_array_is_tried(name: str) -> None:
    assert PUBLIC[name].bad.keys() == PUBLIC[name].fitting.keys()


def numbers(result: Any) -> Iterator[Any]:
    """All numbers in what a function returns, but how many iterations rounding made it take."""
    if dataclasses.is_dataclass(result):
        names = [field.name for field in dataclasses.fields(result) if field.name != "iterations"]
        yield from numbers([getattr(result, name) for name in names])
    elif isinstance(result, list | tuple):
        for each in result:
            yield from numbers(each)
    elif isinstance(result, torch.nn.Module):
        yield from (values.numpy() for values in result.state_dict().values())
    elif isinstance(result, int | float | np.ndarray | np.generic):
        yield result


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("laid_out", [every_second, transposed, other_byte_order, narrow])
@pytest.mark.parametrize("name", PUBLIC)
def test_how_arrays_lie_in_memory_does_not_matter(name: str, laid_out: Callable[[Array], Array]) -> None:
    public = PUBLIC[name]
    plain = list(numbers(public.call(**public.fitting)))
    other = list(numbers(public.call(**{key: laid_out(array) for key, array in public.fitting.items()})))
    assert len(plain) == len(other) > 0
    within = 1e-2 if name == "prepare_start" else 1e-4  # a start is rough, and rounds as the features do
    for one, another in zip(plain, other, strict=True):
        np.testing.assert_allclose(another, one, rtol=within, atol=within)
