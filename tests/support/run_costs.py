"""What keeps a run of the suite cheap, and what it says of its cost."""

import gc
import logging
import os
import sys
from collections.abc import Generator, Iterator
from functools import cache
from typing import Any

import httpcore2
import pytest
from django.conf import settings
from django.test import override_settings

from tests.support import forked

# Altair loads jsonschema, which would compile the grammar of an address for a second, and nothing here asks for it.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
# Until all tests are collected: what is imported stays, and full collections would walk over all of it, for an
# eighth of a run's processor time. The other conftests load the large libraries after this module.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    """Load libraries once for all processes of the run, while its first one migrates the database."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        forked.load_for_tests()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    for spec in specs:
        spec.python = forked.interpreter()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave out of all collections what was imported.

    pytest no longer listens to torch's loggers: their parents do not hear them, so that it would add itself to each of
    them in each phase of each test.
    """
    collected = yield
    loggers = logging.root.manager.loggerDict
    for name in [name for name in loggers if name.split(".")[0] == "torch"]:
        del loggers[name]
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
    return collected


def pytest_sessionfinish() -> None:
    forked.end()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the run cost beside its slowest tests: on a busy machine only processor time can be compared."""
    used = os.times()
    seconds = used.user + used.system + used.children_user + used.children_system
    terminalreporter.write_line(f"The tests and all that they started took {seconds:.0f} s of processor time.")


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_found_when_asked_for() -> Iterator[None]:
    """Every test client begins with the site's middleware, which would list each static file anew.

    Browsers find axe-core's script beside the site's own files.
    """
    finders = [*settings.STATICFILES_FINDERS, "tests.support.axe_file.AxeFinder"]
    with override_settings(WHITENOISE_AUTOREFRESH=True, STATICFILES_FINDERS=finders):
        yield


@pytest.fixture(scope="session", autouse=True)
def _certificates_are_read_once() -> Iterator[None]:
    """Each HTTP client would read all of the machine's, though what it calls here speaks no TLS."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(httpcore2, "default_ssl_context", cache(httpcore2.default_ssl_context))
        yield
