"""Words and other settled facts that stand in a TOML file, beside the module that uses them."""

import tomllib
from importlib.resources import files
from typing import Any


def read_words(package: str, name: str) -> dict[str, Any]:
    """Return what a package's file name.toml says."""
    return tomllib.loads(files(package).joinpath(f"{name}.toml").read_text("utf-8"))
