"""Docs, docstrings and comments name modules that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.core.management import get_commands

from annotations.queue import worker_wakeup
from tests.test_architecture import PACKAGES, ROOT

IN_APP = tuple(
    sorted(folder.name for folder in (ROOT / "annotations").iterdir() if folder.is_dir())
)  # as docs name them
HOMES = {"clarify_errors": "modeling"}  # named by what people import
NAMES = ("modeling", *(Path(folder).name for folder in PACKAGES))
# `queue/claims`, `clarify_errors.arrays.phrases.error_score` or `worker/tasks.py`, quoted.
QUOTED = re.compile(rf"`((?:(?:{'|'.join(NAMES)})[./]|(?:{'|'.join(IN_APP)})/)[\w./]+?)(?:\(.*?\))?`")
TEXTS = ("docs/**/*.md", "README.md", "CONTRIBUTING.md", *(f"{name}/**/*.py" for name in PACKAGES))


def _quoted() -> Iterator[tuple[Path, str]]:
    for pattern in TEXTS:
        for file in ROOT.glob(pattern):
            if "migrations" not in file.parts:
                yield from ((file, name) for name in QUOTED.findall(file.read_text("utf-8")))


def _is_there(name: str) -> bool:
    """Say whether a name leads to a file or folder, to a name within a module, or to one that a package hands on."""
    parts = [part for part in re.split(r"[./]", name.removesuffix(".py")) if part]
    base = ROOT / HOMES.get(parts[0], "annotations" if parts[0] in IN_APP else "")
    whole, holder = base.joinpath(*parts), base.joinpath(*parts[:-1])
    if whole.is_dir() or base.joinpath(name).exists():
        return True
    if any(path.with_suffix(".py").is_file() for path in (whole, holder, holder.parent)):
        return True
    return (holder / "__init__.py").is_file() and f'"{parts[-1]}"' in (holder / "__init__.py").read_text("utf-8")


def test_every_module_that_a_text_names_is_there() -> None:
    tasks = {value for name, value in vars(worker_wakeup).items() if name.isupper() and isinstance(value, str)}
    made_by_operators = {"deploy/import"}
    missing = [
        (file, name) for file, name in _quoted() if name not in tasks | made_by_operators and not _is_there(name)
    ]
    assert missing == []


def test_every_command_that_a_text_names_is_there() -> None:
    """`manage.py verify_log`, `$clarify manage verify_log`, or `manage verify_log` on a line of its own."""
    named = re.compile(r"(?:manage\.py|\$clarify manage|^[ \t]*manage) ([a-z_]+\b)(?!\()", re.M)
    patterns = (*TEXTS, "deploy/*.md", "annotations/templates/**/*.html")
    files = {file for pattern in patterns for file in ROOT.glob(pattern) if not {"migrations", "tests"} & {*file.parts}}
    found = {(name, file.relative_to(ROOT).as_posix()) for file in files for name in named.findall(file.read_text())}
    assert len(found) > 50
    assert sorted(each for each in found if each[0] not in {*get_commands(), "help"}) == []
