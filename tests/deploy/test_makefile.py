"""A target of the Makefile installs what it needs: on a fresh clone nothing else has been run before."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROWSER = "-m tests.support.installed_browser"


def _commands(target: str, tmp_path: Path, *variables: str) -> list[str]:
    """What `make` would run for a target where there is no virtual environment yet."""
    command = ["make", "--dry-run", f"VENV={tmp_path / 'venv'}", target, *variables]
    alone = {"PATH": os.environ["PATH"]}  # the variables of a `make` that runs these tests would count for this one too
    made = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=True)
    return made.stdout.splitlines()


def _first(commands: list[str], words: str) -> int:
    return next(i for i, command in enumerate(commands) if words in command)


def _installed(commands: list[str]) -> set[str]:
    """The extras that are installed, all of them before any program of the environment runs."""
    install = _first(commands, "deploy.lock install")
    assert not any("venv/bin/" in command for command in commands[:install])
    return set(commands[install].split()[-1].split(","))


@pytest.mark.parametrize("target", ["demo", "chaos", "venv"])
def test_what_runs_a_site_has_all_that_its_roles_import(target: str, tmp_path: Path) -> None:
    assert _installed(_commands(target, tmp_path)) == {"worker", "embedded"}


@pytest.mark.parametrize("target", ["test", "lint", "format", "messages", "docs", "bench", "load"])
def test_what_is_for_developers_has_their_tools_as_well(target: str, tmp_path: Path) -> None:
    assert _installed(_commands(target, tmp_path)) >= {"worker", "embedded", "dev"}


@pytest.mark.parametrize(
    ("target", "program"), [("test-browser", "-m pytest"), ("bench", "-m tests.benchmarks.make_bench")]
)
def test_what_drives_a_browser_has_one_first(target: str, program: str, tmp_path: Path) -> None:
    commands = _commands(target, tmp_path)
    assert _first(commands, BROWSER) < _first(commands, program)


def test_the_suite_needs_no_browser_but_a_part_of_it_may(tmp_path: Path) -> None:
    assert not any(BROWSER in command for command in _commands("test", tmp_path))
    part = _commands("test", tmp_path, "ARGS=tests/browser")
    assert _first(part, BROWSER) < _first(part, "-m pytest")
