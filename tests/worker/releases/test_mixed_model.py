"""The mixed model of the worked example in the docs, on people and tasks whose effects are known."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

TASKS = {1: 0.2, 2: 0.3}
BETWEEN, WITHIN = 0.1, 0.05  # standard deviations


def block() -> str:
    page = (Path(__file__).parents[3] / "docs" / "analysts" / "analysis.md").read_text("utf-8")
    blocks: list[str] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return next(code for code in blocks if "mixedlm" in code)


def run(people: int, tasks: tuple[int, ...], seed: int = 0, effects: Mapping[int, float] = TASKS) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        own = rng.normal(0, BETWEEN)
        rows += [(f"p{person}", task, effects[task] + own + rng.normal(0, WITHIN)) for task in tasks]
    names: dict[str, Any] = {"summary": pd.DataFrame(rows, columns=["participant", "task", "own_gain"])}
    exec(block(), names)
    return names


def test_it_tells_tasks_and_people_apart() -> None:
    found = run(200, (1, 2))
    wide = found["summary"].pivot(index="participant", columns="task", values="own_gain")
    effect = found["model"].params["C(task)[T.2]"]
    assert effect == pytest.approx((wide[2] - wide[1]).mean())  # everybody has both: the difference within people
    error = found["model"].bse["C(task)[T.2]"]
    assert error == pytest.approx((wide[2] - wide[1]).std() / np.sqrt(200), rel=0.01)
    assert found["between"] == pytest.approx(BETWEEN**2, rel=0.25)
    assert found["within"] == pytest.approx(WITHIN**2, rel=0.25)


def test_equal_tasks_are_called_different_as_seldom_as_the_p_value_says() -> None:
    """In 40 studies of 20 people with two equal tasks; with everybody on both, t is that of a paired test."""
    called = 0
    for seed in range(40):
        found = run(20, (1, 2), seed, {1: 0.2, 2: 0.2})
        wide = found["summary"].pivot(index="participant", columns="task", values="own_gain")
        paired = stats.ttest_rel(wide[2], wide[1])
        assert found["model"].tvalues["C(task)[T.2]"] == pytest.approx(paired.statistic, rel=0.02, abs=0.02)
        called += found["model"].pvalues["C(task)[T.2]"] < 0.05
    assert called <= 6  # 2 are expected; more than 6 in 1.4% of such runs at 6%, which a normal test has at n = 20


def test_one_task_has_no_mixed_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert "model" not in run(5, (1,))
    assert "no mixed model: 1 task, 0 people on several" in capsys.readouterr().out
