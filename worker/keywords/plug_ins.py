"""Captioners and sources of keywords by their specs: those of an extra, and somebody else's."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from modeling.arrays.common.modeling_errors import ModelingError


class PlugInUnavailable(ModelingError):
    """What a spec names is not there; the message says what to do."""

    code = "plug_in_unavailable"


def load_plug_in(spec: str, built_in: Mapping[str, str], needs: Sequence[str]) -> Any:
    """Load what `<kind>:<argument>` names among the built-in ones, or `python:<module>:<factory>`.

    built_in: by kind the module whose `load(argument)` makes it; an extra has the kind's name. needs: functions that
    the result must have, beside a name. Raises PlugInUnavailable, and what the loading raises.
    """
    kind, _, argument = spec.partition(":")
    is_foreign = kind == "python"
    module_name, _, factory_name = argument.partition(":") if is_foreign else (built_in.get(kind, ""), "", "load")
    if not module_name or not factory_name:
        raise PlugInUnavailable(f"{spec!r} names nothing: use {', '.join(built_in)}, or python:<module>:<factory>")
    try:
        factory = getattr(importlib.import_module(module_name), factory_name, None)
    except ModuleNotFoundError as error:
        advice = "add its folder to PYTHONPATH, or install it" if is_foreign else f"install Clarify's extra `{kind}`"
        raise PlugInUnavailable(f"{spec} needs the module {error.name}, which is not installed: {advice}") from error
    if not callable(factory):
        raise PlugInUnavailable(f"the module {module_name} has no function {factory_name}()")
    made = factory() if is_foreign else factory(argument)
    lacks = [name for name in needs if not callable(getattr(made, name, None))]
    if lacks or not isinstance(getattr(made, "name", None), str):
        raise PlugInUnavailable(f"what {module_name}.{factory_name}() returns lacks {', '.join(lacks) or 'a name'}")
    return made
