"""Templates can be read, by people and by Django: lines are short, and tags end on the line on which they begin."""

from pathlib import Path

import pytest

from tests.pictures import ROOT

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
