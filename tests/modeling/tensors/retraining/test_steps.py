from typing import Any

import numpy as np
import pytest

from clarify_errors.arrays.common.steps import after_each_step, step_done
from clarify_errors.tensors.retraining.many_heads import train_heads


class Cancelled(Exception):
    pass


def cancel() -> None:
    raise Cancelled


def problem() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    features, labels = rng.standard_normal((400, 8)), rng.integers(2, size=400)
    return {"features": features, "labels": labels, "weights": rng.random((400, 3)), "l2": 0.01}


def test_callbacks_of_all_blocks_around_a_step_are_called() -> None:
    called: list[str] = []
    with after_each_step(lambda: called.append("outer")):
        with after_each_step(lambda: called.append("inner")):
            step_done()
        step_done()
    step_done()
    assert called == ["outer", "inner", "outer"]


def test_each_pass_of_the_solver_over_the_images_is_a_step() -> None:
    steps: list[None] = []
    with after_each_step(lambda: steps.append(None)):
        trained = train_heads(**problem())
    assert len(steps) > trained.iterations > 1


def test_a_callback_that_raises_breaks_the_solver_off() -> None:
    with pytest.raises(Cancelled), after_each_step(cancel):
        train_heads(**problem())


def test_an_error_within_the_block_removes_its_callback() -> None:
    with pytest.raises(Cancelled), after_each_step(cancel):
        step_done()
    step_done()
