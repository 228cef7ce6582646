"""Clarify's method as functions over arrays: no Django, no database.

    import clarify_errors as clarify

    report = clarify.diagnose(network, "photographs", transform=transform)
    report.save("report.html")
    better = report["elephant"].correct("best").install(network)

These names are loaded when they are first used, so importing the package loads neither torch nor pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clarify_errors.arrays.common.modeling_errors import ModelingError
    from clarify_errors.explanations.correction import Correction, OwnGain, load_head
    from clarify_errors.explanations.diagnosis import ClassReport, Report, diagnose
    from clarify_errors.explanations.explanation import Explanation, ScoredPhrase, explain
    from clarify_errors.explanations.in_place import InPlaceCorrection, activations
    from clarify_errors.explanations.last_layer import LastLayer
    from clarify_errors.explanations.slices import (
        Slice,
        SliceChange,
        assert_no_slice_worse,
        check_slices,
        load_slices,
        save_slices,
    )
    from clarify_errors.tensors.encoders import load_encoder

__version__ = "0.17.0"

__all__ = [
    "ClassReport",
    "Correction",
    "Explanation",
    "InPlaceCorrection",
    "LastLayer",
    "ModelingError",
    "OwnGain",
    "Report",
    "ScoredPhrase",
    "Slice",
    "SliceChange",
    "activations",
    "assert_no_slice_worse",
    "check_slices",
    "diagnose",
    "explain",
    "load_encoder",
    "load_head",
    "load_slices",
    "save_slices",
]

_MODULES = {
    "ClassReport": "clarify_errors.explanations.diagnosis",
    "Correction": "clarify_errors.explanations.correction",
    "Explanation": "clarify_errors.explanations.explanation",
    "InPlaceCorrection": "clarify_errors.explanations.in_place",
    "LastLayer": "clarify_errors.explanations.last_layer",
    "ModelingError": "clarify_errors.arrays.common.modeling_errors",
    "OwnGain": "clarify_errors.explanations.correction",
    "Report": "clarify_errors.explanations.diagnosis",
    "ScoredPhrase": "clarify_errors.explanations.explanation",
    "Slice": "clarify_errors.explanations.slices",
    "SliceChange": "clarify_errors.explanations.slices",
    "activations": "clarify_errors.explanations.in_place",
    "assert_no_slice_worse": "clarify_errors.explanations.slices",
    "check_slices": "clarify_errors.explanations.slices",
    "diagnose": "clarify_errors.explanations.diagnosis",
    "explain": "clarify_errors.explanations.explanation",
    "load_encoder": "clarify_errors.tensors.encoders",
    "load_head": "clarify_errors.explanations.correction",
    "load_slices": "clarify_errors.explanations.slices",
    "save_slices": "clarify_errors.explanations.slices",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
