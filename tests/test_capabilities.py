"""Each capability has one name in every layer: the table in docs/architecture.md agrees with the folders."""

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
ABOVE = {  # modules that use several capabilities
    "api": {"urls"},
    "admin": {"site_urls", "study_admin", "study_registry"},
    "worker": {"apps", "tasks"},
}
FOLDER = "●"  # any other mark is the name of the only module


@dataclass(frozen=True)
class Module:
    file: Path
    top: str  # what of it is in the layer's own folder
    capability: str  # empty in the layer's own folder

    @property
    def name(self) -> str:
        return self.file.stem


def _grid() -> dict[str, dict[str, str]]:
    """The marks of each capability by layer, from the highest capability to the lowest."""
    lines = MAP[MAP.index("| capability |") :].partition("\n\n")[0].split("\n")
    header, _rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: {layer: mark for layer, mark in zip(header[2:], row[2:], strict=True) if mark} for row in rows}


GRID = _grid()
ORDER = list(GRID)


def _modules(layer: str) -> list[Module]:
    folder = ROOT / FOLDERS[layer]
    alone = {marks[layer]: capability for capability, marks in GRID.items() if marks.get(layer, FOLDER) != FOLDER}
    found = []
    for file in sorted(folder.rglob("*.py")):
        first, *deeper = file.relative_to(folder).with_suffix("").parts
        if first not in ("management", "__init__"):
            inside = deeper and first not in ABOVE.get(layer, ())
            found.append(Module(file, first, first if inside else alone.get(first, "")))
    return found


MODULES = {layer: _modules(layer) for layer in FOLDERS}
every_layer = pytest.mark.parametrize("layer", FOLDERS)


@every_layer
def test_every_module_is_in_one_cell_of_the_map(layer: str) -> None:
    assert {each.capability for each in MODULES[layer]} - {""} == {
        capability for capability, marks in GRID.items() if layer in marks
    }
    assert {each.top for each in MODULES[layer] if not each.capability} == ABOVE.get(layer, set())


@every_layer
def test_a_folder_has_two_to_sixteen_modules(layer: str) -> None:
    sizes = Counter(each.capability for each in MODULES[layer] if each.capability and each.name != "__init__")
    fitting = {FOLDER: range(2, 17)}
    assert [name for name, n in sizes.items() if n not in fitting.get(GRID[name][layer], [1])] == []


@every_layer
def test_a_capability_imports_only_those_below_it(layer: str) -> None:
    package = FOLDERS[layer].replace("/", ".")
    modules = {each.top: each.capability for each in MODULES[layer]}
    broken = [
        f"{each.file.relative_to(ROOT)} imports {imported}"
        for each in MODULES[layer]
        for imported in imports(each.file)
        if each.capability and imported.startswith(f"{package}.")
        for used in [modules.get(imported.removeprefix(f"{package}.").partition(".")[0], each.capability)]
        if not used or ORDER.index(used) < ORDER.index(each.capability)
    ]
    assert not broken


def test_no_module_name_repeats_in_another_capability_unless_it_is_a_word_of_the_glossary() -> None:
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
    repeated = {name for name, modules in where.items() if len(modules) > 1}
    assert repeated - known - rows == {"apps", "urls"}


def test_no_module_has_the_name_of_its_folder() -> None:
    modules = [
        each for layer in FOLDERS for each in MODULES[layer] if GRID.get(each.capability, {}).get(layer) == FOLDER
    ]
    assert [each.file for each in modules if each.name == each.capability] == []


@pytest.mark.parametrize("layer", [layer for layer in FOLDERS if layer not in ("arrays", "tensors")])
def test_a_folder_re_exports_nothing(layer: str) -> None:
    """Re-exports would close cycles, and load torch in the web process."""
    inits = [
        each.file for each in MODULES[layer] if each.name == "__init__" and each.file.parent.name == each.capability
    ]
    assert [init for init in inits if len(ast.parse(init.read_text("utf-8")).body) != 1] == []
