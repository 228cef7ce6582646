"""The first example of the page for engineers runs as it stands."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs/engineers/python.md"


@pytest.mark.services
def test_the_first_example_runs_and_finds_what_is_planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    first = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)[0]
    exec(compile(first, str(PAGE), "exec"), {})
    said = capsys.readouterr().out
    assert "“red” tells errors apart best" in said and "own gain +" in said
    assert (tmp_path / "head.safetensors").is_file()
