"""Accuracies of runs and controls by group, own gains and percentiles, from test predictions."""

from math import comb
from typing import Any

import numpy as np
import pandas as pd

from .release_tables import Release
from .report import Report

RUN = [
    "worst_group_accuracy",
    "average_accuracy",
    "plain_average_accuracy",
    "robustness_gap",
    "group_accuracies",
    "base_worst_group_accuracy",
    "base_average_accuracy",
    "control_worst_group",
    "own_gain",
    "random_slice_percentile",
]
Accuracies = dict[str, Any]


def accuracies(predicted: Any, test: pd.DataFrame, train: Any) -> Accuracies:
    """Return the accuracies of test predictions; images without one are left out."""
    shown = np.asarray(predicted) >= 0
    right = (np.asarray(predicted) == test.label.to_numpy())[shown]
    groups = test.group.to_numpy()[shown]
    counts = np.bincount(groups, minlength=len(train))
    hits = np.bincount(groups, weights=right, minlength=len(train))
    of_group = np.divide(hits, counts, out=np.full(len(train), np.nan), where=counts > 0)
    there = counts > 0
    worst = float(of_group[there].min())
    average = float(np.average(of_group[there], weights=np.asarray(train)[there]))
    return {
        "worst_group_accuracy": worst,
        "average_accuracy": average,
        "plain_average_accuracy": float(right.mean()),
        "robustness_gap": average - worst,
        "group_accuracies": [None if each != each else float(each) for each in of_group],
        "counts": counts,
        "predictions": np.asarray(predicted),
    }


class TaskAccuracies:
    """Of one task: those of its base model, of its controls by number, and of its runs by id."""

    def __init__(self, release: Release, task: int) -> None:
        self.task = task
        test, train = release.lowest("test", task), release.lowest("groups", task).train_images.to_numpy()
        self.base = accuracies(test.predicted, test, train) if (test.predicted >= 0).any() else None
        draws = release.lowest("random_slices", task).set_index("random_slices")
        self.controls: dict[int, Accuracies] = {}
        self.runs: dict[str, Accuracies] = {}
        for each in release.lowest("predictions", task).itertuples():
            if len(each.predictions) != len(test):
                continue  # of another data set than the task has now
            found = accuracies(each.predictions, test, train)
            if pd.isna(each.run):
                self.controls[int(each.control)] = found
                continue
            slices = None if pd.isna(each.random_slices) else draws.loc[int(each.random_slices)]
            self.runs[each.run] = self._of_run(found, each.control, slices)

    def _of_run(self, found: Accuracies, control: Any, draws: Any) -> Accuracies:
        row = {**found, "task": self.task, "control": control}
        if self.base is not None:
            row["base_worst_group_accuracy"] = self.base["worst_group_accuracy"]
            row["base_average_accuracy"] = self.base["average_accuracy"]
        beside = None if pd.isna(control) else self.controls.get(int(control))
        if beside is not None:
            row["control_worst_group"] = beside["worst_group_accuracy"]
            row["own_gain"] = found["worst_group_accuracy"] - beside["worst_group_accuracy"]
            if draws is not None and self.base is not None:
                row |= self._places(found, beside, draws)
        return row

    def _places(self, found: Accuracies, beside: Accuracies, slices: Any) -> Accuracies:
        """Nothing where the draws vary by less than one image of the group that is worst without a phrase."""
        assert self.base is not None, "the caller has looked"
        draws = np.asarray(slices.worst_groups)
        shares = [np.inf if each is None else each for each in beside["group_accuracies"]]
        if draws.std() < 1 / self.base["counts"][int(np.argmin(shares))]:
            return {}
        value = found["worst_group_accuracy"]
        percentile = float(100 * (np.mean(draws < value) + np.mean(draws == value) / 2))
        scores = None if slices.scores is None else np.asarray(slices.scores)
        return {"random_slice_percentile": percentile, "draws": draws, "draw_scores": scores}

    @property
    def control_worst_group(self) -> float | None:
        """Of the task's control; None until a run is trained."""
        return next((each["worst_group_accuracy"] for each in self.controls.values()), None)


def among_best(value: float, draws: Any, scores: Any, tries: int) -> float:
    """Return how many of 100 reach less on test, each with the best-scored of so many random slices."""
    k = min(tries, len(draws))
    chance = 0.0
    for score in np.unique(scores):
        of_score = scores == score
        best = comb(int((scores <= score).sum()), k) - comb(int((scores < score).sum()), k)
        below = (draws[of_score] < value).mean() + (draws[of_score] == value).mean() / 2
        chance += best / comb(len(draws), k) * below
    return float(100 * chance)


def rebuild_accuracies(release: Release, report: Report) -> dict[int, TaskAccuracies]:
    """Compare runs.csv; return the accuracies of each task."""
    found = {task: TaskAccuracies(release, task) for task in release.tasks}
    theirs = release.csv("runs")
    rows = {run: row for of_task in found.values() for run, row in of_task.runs.items()}
    mine = pd.DataFrame([{"run": run, **row} for run, row in rows.items()], columns=["run", *RUN])
    done = theirs[theirs.worst_group_accuracy.notna()]
    report.compare("runs", ["run"], mine[mine.run.isin(done.run)], done[done.run.isin(mine.run)], RUN)
    if more := int((~done.run.isin(mine.run)).sum()):
        report.not_rebuilt(f"runs: accuracies of {more} runs", "their test predictions are not in the release")
    return found
