"""Templates can be read, by people and by Django: lines are short, and tags end on the line on which they begin."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pictures import ROOT

TEMPLATES = ROOT / "annotations" / "templates"
MAX_WIDTH = 160


each_template = pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.relative_to(TEMPLATES).as_posix()
)


@each_template
def test_every_tag_ends_on_its_line_or_else_people_would_read_it(template: Path) -> None:
    lines = enumerate(template.read_text("utf-8").splitlines(), start=1)
    pairs = (("{{", "}}"), ("{%", "%}"), ("{#", "#}"))
    assert [number for number, line in lines for a, b in pairs if line.count(a) != line.count(b)] == []


@each_template
def test_no_line_is_longer_than_a_reader_takes_in(template: Path) -> None:
    lines = enumerate(template.read_text("utf-8").splitlines(), start=1)
    assert [number for number, line in lines if len(line) > MAX_WIDTH] == []


def _texts(file: Path) -> Iterator[str]:
    """Yield the strings of a module that are no docstring, and the lines of another file that are no comment."""
    text = file.read_text("utf-8")
    if file.suffix != ".py":
        tags = r"{% comment %}.*?{% endcomment %}|{[#%{].*?[#%}]}|(?m:^#.*$)"
        yield from re.sub(tags, "", text).splitlines()
        return
    tree = ast.parse(text)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


# Tables' descriptions, which analysts read as plain text, keep the typewriter's.
ROOMS = (
    *("templates/admin", "allocation", "analysis/figures", "datasets", "monitoring", "pages", "payments", "phrases"),
    *("prolific", "prolific_client", "results/staff_pages", "site", "staff", "studies", "visits"),
)


@pytest.mark.parametrize("folder", ROOMS)
def test_what_the_staff_read_has_the_apostrophes_of_what_participants_read(folder: str) -> None:
    files = [file for file in (ROOT / "annotations" / folder).rglob("*.*") if file.suffix in (".py", ".html", ".toml")]
    texts = [text for file in files for text in _texts(file)]
    assert texts and [text for text in texts if re.search(r"[a-z]'[a-z]|s' [a-z]", text)] == []
