"""The rooms of docs/contributors/architecture.md stand in one order; no rule imports a page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.changed_rooms import MAP, ROOMS, room_at
from tests.test_architecture import ROOT, imports

SHELVES = re.findall(r"`(\w+)`", MAP.partition("and in both: ")[2].partition(".\n")[0])  # of the library
PAGES = {"web", "staff_pages", "api", "pages", "site"}
# What stands above the rooms, and participants that are scripted, may know pages.
JOINS = {"annotations", "annotations/simulation"}
ONLY_TYPES = {("annotations.base.service_errors", "annotations/models")}
NO_DJANGO = ("annotations/prolific_client", "annotations/analysis", "annotations/base/tables")


def room_of(module: str) -> str:
    """Return the room in which a dotted module lies; empty outside all."""
    path = module.replace(".", "/")
    if path in ("annotations", "worker"):  # `from annotations import …` names the room as well
        return ""
    return room_at(path)


def is_page(module: str) -> bool:
    return bool(PAGES & set(module.split(".")))


def modules(*packages: str, root: Path = ROOT) -> Iterator[tuple[str, Path]]:
    """Yield the dotted name of each module of packages, and its file."""
    for package in packages:
        for file in sorted((root / package).rglob("*.py")):
            parts = file.relative_to(root).with_suffix("").parts
            if "migrations" not in parts:
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def test_every_folder_with_modules_is_in_a_room_and_every_room_is_there() -> None:
    assert len(ROOMS) == len(set(ROOMS)) and [room for room in ROOMS if not list(ROOT.glob(f"{room}*"))] == []
    at_home = {room for room in ROOMS if "/" not in room}
    lost = {name for name, file in modules("annotations", "worker") if room_of(name) in at_home and name.count(".") > 1}
    assert {name.split(".")[1] for name in lost} == {"management", "templatetags"}


@pytest.mark.parametrize("package", ["annotations", "worker"])
def test_a_room_imports_only_rooms_above_it(package: str) -> None:
    broken = [
        f"{name} imports {imported}"
        for name, file in modules(package)
        for imported in imports(file)
        if (room := room_of(imported)) and ROOMS.index(room) > ROOMS.index(room_of(name))
        if (name, room) not in ONLY_TYPES
    ]
    assert broken == []


def test_a_rule_never_imports_a_page() -> None:
    broken = [
        f"{name} imports {imported}"
        for name, file in modules("annotations", "worker")
        for imported in imports(file)
        if is_page(imported) and room_of(imported) and not is_page(name) and room_of(name) not in JOINS
    ]
    assert broken == []


@pytest.mark.parametrize("half", ["arrays", "tensors"])
def test_a_folder_of_the_method_imports_only_those_before_it(half: str) -> None:
    package = f"clarify_errors.{half}"
    broken = [
        f"{name} imports {imported}"
        for name, file in modules(package.replace(".", "/"), root=ROOT / "modeling")
        for imported in imports(file)
        if imported.startswith(f"{package}.") and name != package
        if SHELVES.index(imported.split(".")[2]) > SHELVES.index(name.split(".")[2])
    ]
    assert broken == []


@pytest.mark.parametrize("folder", NO_DJANGO)
def test_what_is_plain_knows_no_django(folder: str) -> None:
    broken = [
        f"{name} imports {imported}"
        for name, file in modules(folder)
        for imported in imports(file)
        if imported.split(".")[0] in ("django", "rest_framework")
    ]
    assert broken == []


def test_a_folder_re_exports_nothing() -> None:
    """Re-exports would close cycles, and load torch in the web process."""
    inits = [file for name, file in modules("annotations", "worker") if file.name == "__init__.py"]
    bodies = {file.parent: ast.parse(file.read_text("utf-8")).body for file in inits}
    full = {folder.relative_to(ROOT).as_posix() for folder, body in bodies.items() if len(body) > 1}
    assert full == {"annotations/models", "worker/tasks"}  # rows; the queues that tasks are found in
