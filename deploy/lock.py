"""The versions that Clarify is installed with, by digest: `deploy/lock.txt` (decision 0050).

    python -m deploy.lock install worker,oidc  # into this Python's environment; TORCH_INDEX and PIP_INDEX name indexes
    python -m deploy.lock library explain      # the library alone, without the service
    python -m deploy.lock tools build,uv       # these packages of the lock alone, into an environment without Clarify
    python -m deploy.lock write                # `make lock`: what both pyproject.toml ask for; needs `uv`
    python -m deploy.lock upgrade              # `make lock UPGRADE=1`: the newest versions of it

Clarify is two projects: the service in this folder, and the library that it depends on, in `modeling/`. `install`
installs both, with the bases of both and the named extras of either.

This module runs before anything is installed, so it needs the standard library alone.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "deploy" / "lock.txt"
LIBRARY = "clarify-errors"
ALONE = ("modeling",)  # the folder of the library, below ROOT
PROJECTS = (*ALONE, ".")  # and that of the service, which needs the library first
HEADER = "# Made by `make lock` from both pyproject.toml, and installed by deploy/lock.py.\n"

# A CPU's and a GPU's builds have different digests, and which of them a machine takes is its index's business.
RANGES = frozenset({"torch", "torchvision"})

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
ASKER = re.compile(r"^    #   (\S+)|^    # via (\S+)", re.MULTILINE)


def name_of(requirement: str) -> str:
    """The normalised name of a requirement: `Celery[redis]>=5` is celery (PEP 503)."""
    found = NAME.match(requirement)
    if found is None:
        raise ValueError(f"{requirement!r} is not a requirement.")
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def all_extras() -> list[str]:
    return [extra for folder in PROJECTS for extra in _pyproject(folder)["project"]["optional-dependencies"]]


def requirements(extras: list[str], folders: Sequence[str] = PROJECTS) -> list[str]:
    """What the projects ask for: the lines of their bases, then of the extras. ValueError for an unknown extra."""
    projects = [_pyproject(folder)["project"] for folder in folders]
    optional = {extra: lines for project in projects for extra, lines in project["optional-dependencies"].items()}
    if unknown := set(extras) - optional.keys():
        raise ValueError(f"pyproject.toml has no extra {', '.join(sorted(unknown))}; it has {', '.join(optional)}.")
    base = [line for project in projects for line in project["dependencies"] if name_of(line) != LIBRARY]
    return [*base, *(line for extra in extras for line in optional[extra])]


def blocks(lock: str) -> dict[str, str]:
    """The lock's entries by name: each a pinned version, its digests, and the packages that ask for it."""
    found: dict[str, str] = {}
    for entry in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE):
        if entry.strip() and not entry.startswith("#"):
            # A package can be there twice, each time for other versions of Python.
            found[name_of(entry)] = found.get(name_of(entry), "") + entry
    return found


def needed(entries: Mapping[str, str], asked: list[str]) -> set[str]:
    """Names among the entries that these requirements need, directly or through others, but not through torch."""
    askers = {
        name: {name_of(first or second) for first, second in ASKER.findall(text)} for name, text in entries.items()
    }
    found = {name_of(line) for line in asked} - RANGES
    while more := {name for name, names in askers.items() if name not in found | RANGES and names & found}:
        found |= more
    return found & entries.keys()


def select(lock: str, extras: list[str], folders: Sequence[str] = PROJECTS) -> str:
    """The part of the lock that these extras need. ValueError where the lock lacks one of their requirements."""
    entries = blocks(lock)
    asked = requirements(extras, folders)
    if unknown := {name_of(line) for line in asked} - entries.keys() - RANGES:
        raise ValueError(f"deploy/lock.txt lacks {', '.join(sorted(unknown))} of pyproject.toml: run `make lock`.")
    return "".join(entries[name] for name in sorted(needed(entries, asked)))


def ranges(extras: list[str], folders: Sequence[str] = PROJECTS) -> list[str]:
    """The requirements of these extras that no lock pins."""
    return sorted({line for line in requirements(extras, folders) if name_of(line) in RANGES})


def install(extras: list[str], folders: Sequence[str] = PROJECTS) -> None:
    """Install what the extras need, the projects as their folders, and check that nothing is missing."""
    _install_locked(select(LOCK.read_text(encoding="utf-8"), extras, folders))
    if beside := ranges(extras, folders):
        run_pip("install", *(_index("TORCH_INDEX") or _index("PIP_INDEX")), *beside)
    # pip itself would take the newest build tools
    tools(sorted({name_of(line) for folder in folders for line in _pyproject(folder)["build-system"]["requires"]}))
    editable = [part for folder in folders for part in ("--editable", str(ROOT / folder))]
    run_pip("install", "--no-deps", "--no-build-isolation", *editable)
    run_pip("check")


def tools(names: list[str]) -> None:
    """Install packages of the lock and what they need. ValueError for one that is not there."""
    entries = blocks(LOCK.read_text(encoding="utf-8"))
    if unknown := set(names) - entries.keys():
        raise ValueError(f"deploy/lock.txt lacks {', '.join(sorted(unknown))}.")
    _install_locked("".join(entries[name] for name in sorted(needed(entries, names))))


def write(*, upgrade: bool) -> None:
    """Resolve all extras for every platform and Python from 3.11 on; versions stay as they are unless asked to rise."""
    extras = [part for extra in all_extras() for part in ("--extra", extra)]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "lock.txt"
        if LOCK.exists() and not upgrade:
            made.write_text(LOCK.read_text(encoding="utf-8"), encoding="utf-8")
        # The address of the index stays out: whoever installs has one of their own.
        command = "uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"
        files = [str(Path(folder) / "pyproject.toml") for folder in PROJECTS]
        # The library is here: [tool.uv.sources] of the service says where.
        local = ["--no-emit-package", LIBRARY]
        parts = [*command.split(), "--quiet", *local, *extras, "--output-file", str(made), *files]
        subprocess.run([sys.executable, "-m", *parts], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        lock, _, _ = made.read_text(encoding="utf-8").partition("\n# The following packages were excluded")
    LOCK.write_text(HEADER + select(lock, all_extras()), encoding="utf-8")


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["install", extras]:
                install([extra for extra in extras.split(",") if extra])
            case ["library", extras]:
                install(extras.split(","), ALONE)
            case ["tools", names]:
                tools(names.split(","))
            case ["write"]:
                write(upgrade=False)
            case ["upgrade"]:
                write(upgrade=True)
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except (ValueError, subprocess.CalledProcessError) as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


def _pyproject(folder: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))


def _index(variable: str) -> list[str]:
    return ["--index-url", os.environ[variable]] if os.environ.get(variable) else []


def _install_locked(entries: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(entries)
        file.flush()
        run_pip("install", *_index("PIP_INDEX"), "--no-deps", "--require-hashes", "--requirement", file.name)


def run_pip(*arguments: str) -> None:
    """Call this Python's pip. Raises CalledProcessError."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
