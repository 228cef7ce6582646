"""Captioners, sources of keywords and models that review, by their specs: those of an extra, and somebody else's."""

from collections.abc import Mapping, Sequence
from typing import Any

from clarify_errors.arrays.common.foreign_modules import PlugInUnavailable, plugged_in


def load_plug_in(spec: str, built_in: Mapping[str, str], needs: Sequence[str]) -> Any:
    """Load what `<kind>:<argument>` names among the built-in ones, or `python:<module>:<factory>`.

    built_in: by kind the module whose `load(argument)` makes it; an extra has the kind's name. needs: functions that
    the result must have, beside a name. Raises PlugInUnavailable, and what the loading raises.
    """
    kind, _, argument = spec.partition(":")
    module_name, _, factory_name = argument.partition(":")
    if kind in built_in:
        advice = f"install Clarify's extra `{kind}`"
        made = plugged_in(built_in[kind], "load", (*needs, "name"), argument, advice=advice)
    elif kind == "python" and module_name and factory_name:
        made = plugged_in(module_name, factory_name, (*needs, "name"))
    else:
        raise PlugInUnavailable(f"{spec!r} names nothing: use {_offered(built_in)}")
    if not isinstance(made.name, str) or not all(callable(getattr(made, need)) for need in needs):
        raise PlugInUnavailable(f"what {spec} names must have a text as its name, and functions {', '.join(needs)}")
    return made


def _offered(built_in: Mapping[str, str]) -> str:
    *others, last = [*built_in, "python:<module>:<factory>"]
    return f"{', '.join(others)} or {last}" if others else last
