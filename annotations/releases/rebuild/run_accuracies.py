"""Accuracies of runs and controls by group, own gains and percentiles, from test predictions."""

from typing import Any

import numpy as np
import pandas as pd

from annotations.releases.rebuild.release_tables import Release, Report
from clarify_errors.arrays.retraining.group_accuracies import group_metrics
from clarify_errors.arrays.retraining.own_gain_intervals import GainInterval, own_gain_interval, paired_counts
from clarify_errors.arrays.retraining.random_slices import percentile_among

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
    "own_gain_low",
    "own_gain_high",
    "random_slice_percentile",
]
OWN_CONTROL = 0  # the number of the task's own control
Accuracies = dict[str, Any]


def accuracies(predicted: Any, test: pd.DataFrame, train: Any) -> Accuracies:
    """Return the accuracies of test predictions; images without one are left out."""
    predicted = np.asarray(predicted)
    shown = predicted >= 0
    labels, groups = test.label.to_numpy()[shown], test.group.to_numpy()[shown]
    of = group_metrics(predicted[shown], labels, groups, train)
    named = dict(zip(RUN, (of.worst_group, of.average, of.average_plain, of.gap, list(of.accuracies)), strict=False))
    return {**named, "counts": of.counts, "predictions": predicted}


class TaskAccuracies:
    """Of one task: those of its base model, of its controls by number, and of its runs by id."""

    def __init__(self, release: Release, task: int) -> None:
        self.test, self.train = release.lowest("test", task), release.lowest("groups", task).train_images.to_numpy()
        has_any = (self.test.predicted >= 0).any()
        self.base = accuracies(self.test.predicted, self.test, self.train) if has_any else None
        draws = release.lowest("random_slices", task).set_index("random_slices")
        runs = release.csv("runs")
        self._measured = {*runs.run[runs.own_gain_low.notna()]}  # the others' intervals were to come
        self.controls: dict[int, Accuracies] = {}
        self.runs: dict[str, Accuracies] = {}
        for each in release.lowest("predictions", task).itertuples():
            if len(each.predictions) != len(self.test):
                continue  # of another data set than the task has now
            found = accuracies(each.predictions, self.test, self.train)
            if pd.isna(each.run):
                self.controls[int(each.control)] = found
                continue
            slices = None if pd.isna(each.random_slices) else draws.loc[int(each.random_slices)]
            self.runs[each.run] = self._of_run(each.run, found, each.control, slices)

    def _of_run(self, run: str, found: Accuracies, control: Any, draws: Any) -> Accuracies:
        row = dict(found)
        if self.base is not None:
            row["base_worst_group_accuracy"] = self.base["worst_group_accuracy"]
            row["base_average_accuracy"] = self.base["average_accuracy"]
        beside = None if pd.isna(control) else self.controls.get(int(control))
        if beside is not None:
            row["control_worst_group"], row["control_groups"] = (
                beside["worst_group_accuracy"],
                beside["group_accuracies"],
            )
            row["own_gain"] = found["worst_group_accuracy"] - beside["worst_group_accuracy"]
            if run in self._measured:
                interval = self.gain(found["predictions"], beside["predictions"])
                row |= {"own_gain_low": interval.low, "own_gain_high": interval.high}
            if draws is not None and self.base is not None:
                row |= self._places(found, beside, draws)
        return row

    def gain(self, run: Any, beside: Any) -> GainInterval:
        """Return how far the worst group of some test predictions is above that of others."""
        labels, groups = self.test.label.to_numpy(), self.test.group.to_numpy()
        return own_gain_interval(paired_counts(run == labels, beside == labels, groups))

    def _places(self, found: Accuracies, beside: Accuracies, slices: Any) -> Accuracies:
        """No percentile where the draws vary by less than one image of the group that is worst without a phrase."""
        assert self.base is not None, "the caller has looked"
        draws = np.asarray(slices.worst_groups)
        shares = [np.inf if each is None else each for each in beside["group_accuracies"]]
        is_telling = bool(draws.std() >= 1 / self.base["counts"][int(np.argmin(shares))])
        place = percentile_among(found["worst_group_accuracy"], draws) if is_telling else None
        scores = None if slices.scores is None else np.asarray(slices.scores)
        return {"random_slice_percentile": place, "draws": draws, "draw_scores": scores, "is_telling": is_telling}


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
