"""Heads of which nothing is kept per image: the same optima and certificates, and a solve that goes on after a kill."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray, NotConverged
from clarify_errors.arrays.common.steps import after_each_step
from clarify_errors.arrays.retraining.weighted_loss import weighted_loss
from clarify_errors.tensors.retraining import problem as problems
from clarify_errors.tensors.retraining import streaming
from clarify_errors.tensors.retraining.frozen_logits import free_rows
from clarify_errors.tensors.retraining.many_heads import train_heads, train_some_classes
from clarify_errors.tensors.retraining.objective import evaluate
from clarify_errors.tensors.retraining.warm_start import WarmStart, prepare_start
from tests.modeling.tensors.retraining.problems import problem
from tests.support import forked

L2 = 0.02

Arrays = tuple[NDArray[np.floating[Any]], NDArray[np.int64], NDArray[np.float64]]


class Interrupted(Exception):
    pass


@pytest.fixture(params=[3, 7], ids=["three classes", "seven classes"])
def data(request: pytest.FixtureRequest) -> Arrays:
    x, y, weights = problem(n_classes=request.param, n_heads=3)
    return x.astype(np.float32), y, weights


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems, "MOST_KEPT", 300)


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Of each evaluation of the objective."""
    made: list[None] = []

    def counted(*arguments: Any) -> Any:
        made.append(None)
        return evaluate(*arguments)

    monkeypatch.setattr(streaming, "evaluate", counted)
    return made


def start_of(data: Arrays) -> WarmStart:
    return prepare_start(data[0], data[1], L2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_optimum_is_that_of_heads_whose_logits_are_kept(
    data: Arrays, dtype: Any, monkeypatch: pytest.MonkeyPatch, passes: list[None]
) -> None:
    x, y, weights = data[0].astype(dtype), *data[1:]
    kept = train_heads(x, y, weights, L2)
    assert not passes
    monkeypatch.setattr(problems, "MOST_KEPT", 300)
    found = train_heads(x, y, weights, L2)
    assert passes
    np.testing.assert_allclose(found.loss, kept.loss, rtol=1e-8)
    assert (found.gap <= 1e-8 * found.loss).all()
    for k in range(weights.shape[1]):
        expected = weighted_loss(found.coef[k], found.intercept[k], x, y, weights[:, k], L2)
        assert found.loss[k] == pytest.approx(expected, rel=1e-10)


@pytest.mark.usefixtures("streamed")
def test_some_rows_are_trained_alike(data: Arrays, passes: list[None], monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, weights = data
    head = train_heads(x, y, np.ones((len(y), 1)), L2)
    free = free_rows(x, y, L2, (head.coef[0], head.intercept[0]), [0, 2])
    passes.clear()
    some = train_some_classes(free, weights)
    assert passes
    monkeypatch.undo()
    np.testing.assert_allclose(some.loss, train_some_classes(free, weights).loss, rtol=1e-8)


@pytest.mark.usefixtures("streamed")
def test_a_solve_that_is_interrupted_goes_on_where_it_was(data: Arrays, passes: list[None], tmp_path: Path) -> None:
    (x, y, weights), start, folder = data, start_of(data), tmp_path / "kept"
    whole = train_heads(x, y, weights[:, :1], L2, start=start, checkpoints=folder)
    n_whole, left = len(passes), len(passes) - 2
    assert list(folder.iterdir()) == []  # it is removed at the end
    passes.clear()

    def interrupt() -> None:
        if len(passes) > left:
            raise Interrupted

    with after_each_step(interrupt), pytest.raises(Interrupted):
        train_heads(x, y, weights[:, :1], L2, start=start, checkpoints=folder)
    (file,) = folder.iterdir()
    passes.clear()
    again = train_heads(x, y, weights[:, :1], L2, start=start, checkpoints=folder)
    assert len(passes) < n_whole
    assert again.loss[0] == pytest.approx(whole.loss[0], rel=1e-8)
    assert again.gap[0] <= 1e-8 * again.loss[0]
    assert not file.exists()


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize("spoilt", [b"half of it", b""])
def test_a_damaged_file_is_passed_over(
    data: Arrays, spoilt: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (x, y, weights), start = data, start_of(data)
    monkeypatch.setattr(streaming._Checkpoint, "remove", lambda self: None)
    train_heads(x, y, weights[:, :1], L2, start=start, checkpoints=tmp_path)
    (file,) = tmp_path.glob("*.iterate")
    file.write_bytes(spoilt)
    trained = train_heads(x, y, weights[:, :1], L2, start=start, checkpoints=tmp_path)
    assert trained.gap[0] <= 1e-8 * trained.loss[0]


@pytest.mark.usefixtures("streamed")
def test_what_is_trained_names_the_file(data: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (x, y, weights), start = data, start_of(data)
    monkeypatch.setattr(streaming._Checkpoint, "remove", lambda self: None)
    train_heads(x, y, weights, L2, start=start, checkpoints=tmp_path)
    assert len(list(tmp_path.glob("*.iterate"))) == weights.shape[1]
    train_heads(x, y, weights, L2, start=start, checkpoints=tmp_path)
    assert len(list(tmp_path.glob("*.iterate"))) == weights.shape[1]
    train_heads(x, y, weights[:, :1], L2 * 2, checkpoints=tmp_path)
    assert len(list(tmp_path.glob("*.iterate"))) == weights.shape[1] + 1


@pytest.mark.usefixtures("streamed")
def test_files_that_nobody_took_up_are_removed_after_two_weeks(data: Arrays, tmp_path: Path) -> None:
    x, y, weights = data
    old, new = tmp_path / "a.iterate", tmp_path / "b.7.unfinished"
    for each in (old, new):
        each.write_text("left")
    os.utime(old, (0, 0))
    train_heads(x, y, weights[:, :1], L2, checkpoints=tmp_path)
    assert list(tmp_path.iterdir()) == [new]


@pytest.mark.usefixtures("streamed")
def test_a_folder_that_cannot_be_written_is_said_and_training_goes_on(
    data: Arrays, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    x, y, weights = data
    (tmp_path / "file").write_text("in the way")
    trained = train_heads(x, y, weights[:, :1], L2, checkpoints=tmp_path / "file")
    assert trained.gap[0] <= 1e-8 * trained.loss[0]
    assert "cannot be written" in caplog.text


@pytest.mark.usefixtures("streamed")
def test_too_few_iterations_and_bad_numbers_are_said(data: Arrays) -> None:
    (x, y, weights), start = data, start_of(data)
    with pytest.raises(NotConverged):
        train_heads(x, y, weights, L2, max_iterations=1, start=start)
    x[7, 2] = np.nan
    with pytest.raises(BadArray, match="row 7 has a number not finite"):
        train_heads(x, y, weights, L2, start=start)


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from clarify_errors.arrays.common.steps import after_each_step
from clarify_errors.tensors.retraining import problem as problems
from clarify_errors.tensors.retraining.many_heads import train_heads
from clarify_errors.tensors.retraining.warm_start import prepare_start
from tests.modeling.tensors.retraining.problems import problem

problems.MOST_KEPT, folder, is_killed = 300, Path(sys.argv[1]), len(sys.argv) > 2
x, y, weights = problem(n_classes=7)
x = x.astype(np.float32)

def kill_once_something_is_kept():
    if is_killed and list(folder.glob("*.iterate")):
        os.kill(os.getpid(), signal.SIGKILL)

with after_each_step(kill_once_something_is_kept):
    trained = train_heads(x, y, weights[:, :1], 0.02, start=prepare_start(x, y, 0.02), checkpoints=folder)
print(trained.iterations, *folder.iterdir())
"""


def test_after_a_kill_the_next_process_goes_on(tmp_path: Path) -> None:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return forked.run(KILLED, *arguments, environment=os.environ)

    cold = run(str(tmp_path / "other"))
    assert run(str(tmp_path / "kept"), "kill").returncode == -signal.SIGKILL
    warm = run(str(tmp_path / "kept"))
    assert int(warm.stdout) < int(cold.stdout)  # nothing is left in the folder, or it would be printed too
