"""Each capability has one name in every layer: the table of docs/architecture.md is held against the folders."""

import ast
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.test_architecture import ROOT, imports

MAP = (ROOT / "docs" / "architecture.md").read_text("utf-8")
FOLDERS = {  # by column
    **{
        name: f"annotations/{name}" for name in ("readings", "services", "analysis", "exports", "views", "api", "admin")
    },
    "worker": "worker",
    "arrays": "modeling/arrays",
    "tensors": "modeling/tensors",
}
ABOVE = {  # modules that join the rooms of a layer
    "analysis": {"analysis_cache"},
    "api": {"urls"},
    "admin": {"site_urls", "study_admin", "study_registry"},
    "worker": {"apps", "tasks"},
}
FOLDER = "●"  # a cell's mark; a room of a single module has that module's name there


@dataclass(frozen=True)
class Module:
    file: Path
    room: str  # empty above the rooms

    @property
    def name(self) -> str:
        return self.file.stem


def _grid() -> dict[str, dict[str, str]]:
    """By room, from the highest to the lowest, the marks of its cells by layer."""
    lines = MAP[MAP.index("| room |") :].partition("\n\n")[0].split("\n")
    header, _rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: {layer: mark for layer, mark in zip(header[2:], row[2:], strict=True) if mark} for row in rows}


GRID = _grid()
ORDER = list(GRID)


def _modules(layer: str) -> list[Module]:
    folder = ROOT / FOLDERS[layer]
    alone = {marks[layer]: room for room, marks in GRID.items() if marks.get(layer, FOLDER) != FOLDER}
    found = []
    for file in sorted(folder.rglob("*.py")):
        first, *deeper = file.relative_to(folder).with_suffix("").parts
        if first not in ("management", "__init__"):
            found.append(Module(file, first if deeper else alone.get(first, "")))
    return found


MODULES = {layer: _modules(layer) for layer in FOLDERS}
every_layer = pytest.mark.parametrize("layer", FOLDERS)


@every_layer
def test_every_module_is_in_one_cell_of_the_map(layer: str) -> None:
    assert {each.room for each in MODULES[layer]} - {""} == {room for room, marks in GRID.items() if layer in marks}
    assert {each.name for each in MODULES[layer] if not each.room} == ABOVE.get(layer, set())


@every_layer
def test_a_room_has_two_to_sixteen_modules(layer: str) -> None:
    sizes = Counter(each.room for each in MODULES[layer] if each.room and each.name != "__init__")
    fitting = {FOLDER: range(2, 17)}
    assert [room for room, n in sizes.items() if n not in fitting.get(GRID[room][layer], [1])] == []


@every_layer
def test_a_room_imports_only_rooms_below_it(layer: str) -> None:
    package = FOLDERS[layer].replace("/", ".")
    rooms = {
        each.name if each.file.parent == ROOT / FOLDERS[layer] else each.room: each.room for each in MODULES[layer]
    }
    broken = [
        f"{each.file.relative_to(ROOT)} imports {imported}"
        for each in MODULES[layer]
        for imported in imports(each.file)
        if each.room and imported.startswith(f"{package}.")
        for used in [rooms.get(imported.removeprefix(f"{package}.").partition(".")[0], each.room)]
        if not used or ORDER.index(used) < ORDER.index(each.room)
    ]
    assert not broken


def test_no_name_stands_in_two_rooms_unless_it_is_a_word_of_the_glossary() -> None:
    words = re.findall(r"^\| ([a-z ]+) \| ", MAP.rpartition("## Words")[2], re.M)[1:]
    assert len(words) <= 30
    known = {form for word in words for form in (word.replace(" ", "_"), f"{word.replace(' ', '_')}s")}
    rows = {file.stem for file in (ROOT / "annotations" / "models").glob("*.py")}
    where = defaultdict(set)
    for top in ("annotations", "modeling", "worker", "clarify_site", "deploy"):
        for file in (ROOT / top).rglob("*.py"):
            folders = file.relative_to(ROOT).parts[:-1]
            if "migrations" not in folders:
                where[file.stem].add(next((folder for folder in folders[1:] if folder in GRID), "/".join(folders)))
    repeated = {name for name, rooms in where.items() if len(rooms) > 1}
    assert repeated - known - rows == {"apps", "urls"}


def test_no_module_has_the_name_of_its_room() -> None:
    rooms = [each for layer in FOLDERS for each in MODULES[layer] if GRID.get(each.room, {}).get(layer) == FOLDER]
    assert [each.file for each in rooms if each.name == each.room] == []


@pytest.mark.parametrize("layer", [layer for layer in FOLDERS if layer not in ("arrays", "tensors")])
def test_a_room_of_the_site_hands_nothing_on(layer: str) -> None:
    """Re-exports in a room would close cycles, and load torch where it is not wanted."""
    inits = [ROOT / FOLDERS[layer] / each.room / "__init__.py" for each in MODULES[layer] if each.name == "__init__"]
    assert [init for init in inits if len(ast.parse(init.read_text("utf-8")).body) != 1] == []
