"""Other people's Python modules, used without a change of our code."""

import importlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from clarify_errors.arrays.common.modeling_errors import ModelingError

INSTALL = "add its folder to PYTHONPATH, or install it"


class PlugInUnavailable(ModelingError):
    """What a spec names is not there; the message says what to do."""


def plugged_in(
    module_name: str, factory_name: str, needs: Sequence[str], *arguments: object, advice: str = INSTALL
) -> Any:
    """Call a function of a module, and check what it returns.

    Parameters
    ----------
    module_name, factory_name : str
    needs : sequence of str
        Attributes of the result.
    *arguments : object
        Of the function.
    advice : str, optional
        What to do where a module is missing.

    Returns
    -------
    object

    Raises
    ------
    PlugInUnavailable
        If the module, the function or an attribute is missing, or the function needs other arguments. What the function
        raises is raised as it is.

    Notes
    -----
    The module runs with our rights. Only operators write specs, never participants.
    """
    try:
        factory = getattr(importlib.import_module(module_name), factory_name, None)
    except ModuleNotFoundError as error:
        raise PlugInUnavailable(f"the module {error.name} is not installed: {advice}") from error
    if not callable(factory):
        raise PlugInUnavailable(f"the module {module_name} has no function {factory_name}()")
    if not _takes(factory, arguments):
        raise PlugInUnavailable(f"{module_name}.{factory_name}() must not need other arguments")
    made = factory(*arguments)
    if lacks := [name for name in needs if not hasattr(made, name)]:
        raise PlugInUnavailable(f"what {module_name}.{factory_name}() returns lacks {', '.join(lacks)}")
    return made


def _takes(factory: Callable[..., object], arguments: Sequence[object]) -> bool:
    try:
        inspect.signature(factory).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # what is built in may tell nothing of its arguments
        return True
    return True
