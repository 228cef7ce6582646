"""Templates can be read: their lines are short."""

from pathlib import Path

import pytest

from tests.pictures import ROOT

TEMPLATES = ROOT / "annotations" / "templates"
MAX_WIDTH = 160


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.relative_to(TEMPLATES).as_posix()
)
def test_no_line_is_longer_than_a_reader_takes_in(template: Path) -> None:
    lines = enumerate(template.read_text("utf-8").splitlines(), start=1)
    assert [number for number, line in lines if len(line) > MAX_WIDTH] == []
