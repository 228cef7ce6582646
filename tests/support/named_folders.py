"""A pytest plugin: a folder or file below `tests/` may be named without that prefix."""

from collections.abc import Iterable
from pathlib import Path

import pytest


def below_tests(named: Iterable[str], root: Path) -> list[str]:
    """Return each name with `tests/` in front if it leads to something there; leave other names alone."""
    return [f"tests/{name}" if (root / "tests" / name.partition("::")[0]).exists() else name for name in named]


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    given = early_config.known_args_namespace
    given.file_or_dir = below_tests(given.file_or_dir, early_config.rootpath)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.args = below_tests(config.args, config.rootpath)
