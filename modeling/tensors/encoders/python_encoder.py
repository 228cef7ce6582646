"""Custom encoders: other people's Python modules, used without a change of our code."""

import importlib
import inspect
from collections.abc import Callable
from types import ModuleType

from modeling.arrays.common.modeling_errors import EncoderUnavailable
from modeling.tensors.encoders.checked import Encoder
from modeling.tensors.encoders.inference import loading

_INTERFACE = ("name", "dim", "encode_images", "encode_texts")


def load_custom(path: str) -> Encoder:
    """Load a custom encoder.

    Parameters
    ----------
    path : str
        `<module>`, which has a `load()`, or `<module>:<factory>`. The function takes no arguments.

    Returns
    -------
    Encoder

    Raises
    ------
    EncoderUnavailable
        If the module, the function or a part of the interface is missing, or a file that the function reads.

    Notes
    -----
    The module runs with our rights. Only operators write specs, never participants.
    """
    module_name, _, factory_name = path.partition(":")
    factory_name = factory_name or "load"
    module = _imported(module_name)
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise EncoderUnavailable(f"the module {module_name} has no function {factory_name}() that returns an encoder")
    if not _needs_no_arguments(factory):
        raise EncoderUnavailable(f"{module_name}.{factory_name}() must not need arguments")
    with loading(f"{module_name}.{factory_name}() cannot load its encoder"):
        encoder: Encoder = factory()
    missing = [name for name in _INTERFACE if not hasattr(encoder, name)]
    if missing:
        raise EncoderUnavailable(
            f"{module_name}.{factory_name}() does not return an encoder: the result lacks {', '.join(missing)}"
        )
    return encoder


def _needs_no_arguments(factory: Callable[..., object]) -> bool:
    try:
        inspect.signature(factory).bind()
    except TypeError:
        return False
    return True


def _imported(module_name: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise EncoderUnavailable(
                f"the encoder module {module_name} needs the package {error.name}, which is not installed"
            ) from error
        raise EncoderUnavailable(
            f"the encoder module {module_name} was not found: add its folder to PYTHONPATH"
        ) from None
