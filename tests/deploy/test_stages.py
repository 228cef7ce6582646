"""Stages are announced, timed, and named where they fail."""

import io

import pytest
from rich.console import Console

from deploy.local.stages import StageFailed, Stages


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def stages(output: io.StringIO) -> Stages:
    return Stages(Console(file=output, width=100))


def test_each_stage_is_announced_and_timed(stages: Stages, output: io.StringIO) -> None:
    with stages.stage("Base model"):
        pass
    stages.print_times()
    assert output.getvalue().count("Base model") == 2
    assert list(stages.seconds) == ["Base model"]


def test_a_failure_names_its_stage_and_its_reason(stages: Stages) -> None:
    with pytest.raises(StageFailed, match="“Export” failed: no such study") as failure, stages.stage("Export"):
        raise LookupError("no such study")
    assert isinstance(failure.value.__cause__, LookupError)


def test_being_stopped_is_no_failure(stages: Stages) -> None:
    with pytest.raises(KeyboardInterrupt), stages.stage("Export"):
        raise KeyboardInterrupt


def test_a_bar_shows_how_far_a_stage_is(stages: Stages) -> None:
    with stages.bar("visits", 2) as bar:
        bar(advance=1)
        bar(completed=2, total=2)
