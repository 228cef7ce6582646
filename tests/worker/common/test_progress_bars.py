"""Progress bars: one a stage on a terminal, nothing elsewhere."""

import io
import sys

import pytest

from worker.common.progress_bars import ProgressBars


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(progress: ProgressBars) -> None:
    for done in range(11):
        progress("reading", done, 10)
    for done in (5, 10):  # a stage that goes on where an earlier run stopped
        progress("embedding", done, 10)


def test_each_stage_has_a_bar_that_ends_full(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with ProgressBars() as progress:
        work(progress)
    shown = [line for line in terminal.getvalue().replace("\r", "\n").splitlines() if line.strip()]
    last = {line.split(":")[0]: line for line in shown}
    assert list(last) == ["reading", "embedding"]
    assert all("10/10" in line for line in last.values())
    assert any(line.startswith("embedding:  50%") for line in shown)


def test_a_log_file_gets_no_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with ProgressBars() as progress:
        work(progress)
    assert log.getvalue() == ""


def test_the_unit_is_what_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with ProgressBars(unit="classifiers") as progress:
        work(progress)
    assert "classifiers" in terminal.getvalue()
    assert "images" not in terminal.getvalue()
