"""An encoder that somebody else brings: a Python module of theirs, used without a change of our code."""

import importlib
import inspect
from collections.abc import Callable
from types import ModuleType

from modeling.arrays.common.modeling_errors import EncoderUnavailable
from modeling.tensors.encoders.protocol import Encoder

_INTERFACE = ("name", "dim", "encode_images", "encode_texts")


def load_brought(path: str) -> Encoder:
    """The encoder of `python:<module>`, made by the module's `load()`, or of `python:<module>:<factory>`.

    The module is their code and runs with our rights: only operators name specs, never participants.
    Raises EncoderUnavailable where the module, the factory or part of the interface is missing.
    """
    module_name, _, factory_name = path.partition(":")
    factory_name = factory_name or "load"
    module = _imported(module_name)
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise EncoderUnavailable(f"the module {module_name} has no function {factory_name}() that makes an encoder")
    if not _needs_no_arguments(factory):
        raise EncoderUnavailable(f"{module_name}.{factory_name}() must make an encoder without being given arguments")
    encoder: Encoder = factory()
    missing = [name for name in _INTERFACE if not hasattr(encoder, name)]
    if missing:
        raise EncoderUnavailable(
            f"what {module_name}.{factory_name}() returns is no encoder: it lacks {', '.join(missing)}"
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
            f"there is no module {module_name} to load an encoder from: put its folder on PYTHONPATH"
        ) from None
