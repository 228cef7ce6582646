"""Argument types that commands share."""

import math
from argparse import ArgumentTypeError


def positive(text: str) -> float:
    """Return the number > 0 that `text` is."""
    try:
        value = float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number") from None
    if not (math.isfinite(value) and value > 0):
        raise ArgumentTypeError(f"it must be greater than 0, not {text}")
    return value


def names(text: str) -> list[str]:
    """Return the names in `text`, which commas separate."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise ArgumentTypeError(f"{text!r} is not a list of names separated by commas")
    return found
