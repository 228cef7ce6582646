"""The mixed model of the worked example in the docs, run on people and tasks whose effects are known."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TASKS = {1: 0.2, 2: 0.3}
EQUAL = {1: 0.2, 2: 0.2}
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


def share_called(studies: int, people: int = 20) -> float:
    """Return in which share of studies two equal tasks are called different, at p < .05."""
    found = (run(people, (1, 2), seed, EQUAL) for seed in range(studies))
    return sum(bool(each["model"].pvalues["C(task)[T.2]"] < 0.05) for each in found) / studies
