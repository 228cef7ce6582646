"""Accuracy on either side of the threshold of each task's best phrase, samples of images, and methods beside people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.statistics.estimate_types import spread
from annotations.exports.rebuild.error_scores import Floats, scores_of
from annotations.exports.rebuild.release_tables import Release
from annotations.exports.rebuild.report import Report
from annotations.exports.rebuild.run_accuracies import TaskAccuracies, accuracies
from modeling.arrays.concepts.concept_merging import MAX_SHARE
from modeling.arrays.retraining.group_resampling import percentile_interval, resampled_accuracies

PARTS = ["images", "before", "after"]


def rebuild_splits(
    release: Release, report: Report, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]
) -> pd.DataFrame:
    """Compare splits.csv; return its rows."""
    rows = [row for task in release.tasks for row in _parts(release, task, said, found[task])]
    mine = pd.DataFrame(rows, columns=["task", "split", "part", *PARTS, "phrase"])
    theirs = release.csv("splits")
    there = theirs[_is_kept(said, theirs)]
    more = set(theirs.task) - set(there.task)
    mine = mine[~mine.task.isin(more)]
    report.compare("splits", ["task", "split", "part"], mine, there, [*PARTS, "phrase"])
    if more:
        report.not_rebuilt(f"splits: of {len(more)} tasks", "no similarities of their best phrase, see README.txt")
    return mine


def _is_kept(said: pd.DataFrame, theirs: pd.DataFrame) -> Any:
    """Return for each row whether the similarities of its phrase are in the release."""
    kept = said[said.annotation.notna()]
    return pd.MultiIndex.from_frame(theirs[["task", "phrase"]]).isin(list(zip(kept.task, kept.text, strict=True)))


def _parts(release: Release, task: int, said: pd.DataFrame, found: TaskAccuracies) -> Iterator[dict[str, Any]]:
    kept = best_annotation(release, said, task)
    if kept is None:
        return
    best, of_best, threshold = kept
    validation, test, label = release.lowest("validation", task), release.lowest("test", task), label_of(release, task)
    has_run = pd.notna(best.worst_group_accuracy) and best.run in found.runs
    of_class = test.label.to_numpy() == label
    after = found.runs[best.run]["predictions"][of_class] if has_run else None
    seen = (
        ("validation", of_best.similarities, validation.predicted.to_numpy(), None),
        ("test", of_best.test_similarities, test.predicted.to_numpy()[of_class], after),
    )
    where = {"task": task, "phrase": best.text}
    for split, similarities, before, then in seen:
        above = np.float32(of_best.sign) * np.asarray(similarities, np.float32) > threshold
        for part, members in (("minority", above), ("majority", ~above), ("class", np.ones_like(above))):
            counted = members & (before >= 0)
            shares = {"before": _share(before[counted] == label)}
            if then is not None:
                shares["after"] = _share(then[counted] == label)
            yield {**where, "split": split, "part": part, "images": int(counted.sum()), **shares}
    of_run = found.runs[best.run]["plain_average_accuracy"] if has_run else None
    base = found.base["plain_average_accuracy"] if found.base else None
    yield {**where, "split": "test", "part": "all", "images": len(test), "before": base, "after": of_run}


def best_phrase(release: Release, said: pd.DataFrame, task: int) -> Any:
    """Return the phrase with the highest error score that does not select nearly all images, the earliest of tied ones.

    None where all are 0.
    """
    slices = slices_of(release, task)
    telling = [number for number, inside in slices.items() if inside.mean() <= MAX_SHARE]
    of_task = said[(said.task == task) & ~said.is_expert & (said.error_score > 0) & said.annotation.isin(telling)]
    return of_task.loc[of_task.error_score.idxmax()] if len(of_task) else None


def best_annotation(release: Release, said: pd.DataFrame, task: int) -> tuple[Any, Any, Any] | None:
    """Return a task's best phrase, what it selects, and its threshold; None where similarities to test are not kept."""
    best = best_phrase(release, said, task)
    if best is None or pd.isna(best.annotation):
        return None
    number = int(best.annotation)
    of_best = release.lowest("annotations", task).set_index("annotation").loc[number]
    threshold = np.float32(scores_of(release, task).threshold.loc[number])
    return None if of_best.test_similarities is None else (best, of_best, threshold)


def label_of(release: Release, task: int) -> int:
    """Return the number of a task's class."""
    validation = release.lowest("validation", task)
    return int(validation.predicted[~validation.is_error].iloc[0])


def slices_of(release: Release, task: int) -> dict[int, Floats]:
    """Return which validation images each annotation selects, by its number."""
    kept = release.lowest("annotations", task).set_index("annotation").sort_index()
    scores = scores_of(release, task)
    return {
        int(number): np.float32(row.sign) * np.asarray(row.similarities, np.float32)
        > np.float32(scores.threshold.loc[number])
        for number, row in kept.iterrows()
    }


def _share(right: Floats) -> float | None:
    return float(right.mean()) if len(right) else None


def rebuild_panels(release: Release, report: Report, said: pd.DataFrame) -> None:
    """Compare panels.csv: similarity, error and slice of each image that is in it. Which ones are is a sample."""
    theirs = release.csv("panels")
    kept = said[said.annotation.notna()]
    is_kept = _is_kept(said, theirs)
    if not is_kept.all():
        report.not_rebuilt(f"panels: {int((~is_kept).sum())} images", "their similarities are not in the release")
    theirs = theirs[is_kept]
    rows = []
    for each in theirs.itertuples():
        validation = release.lowest("validation", each.task)
        image = validation.index[validation.image_key == each.image_key]
        of_phrase = kept[(kept.task == each.task) & (kept.text == each.phrase)]
        if not len(image):
            continue
        number = int(of_phrase.loc[of_phrase.error_score.idxmax()].annotation)
        score = scores_of(release, each.task).loc[number]
        value = release.lowest("annotations", each.task).set_index("annotation").similarities.loc[number][image[0]]
        is_above = np.float32(score.sign) * value > np.float32(score.threshold)
        name = "hard" if is_above else "easy"
        row = {"task": each.task, "phrase": each.phrase, "slice": name, "place": each.place}
        rows.append({**row, "is_error": bool(validation.is_error[image[0]]), "similarity": float(value)})
    key = ["task", "phrase", "slice", "place"]
    mine = pd.DataFrame(rows, columns=[*key, "is_error", "similarity"])
    report.compare("panels", key, mine, theirs, ["is_error", "similarity"])
    report.not_rebuilt("panels: the pictures", "no image is in the release; the data set has them by image_key")


def rebuild_methods(
    release: Release, report: Report, experts: Sequence[PersonTask], found: Mapping[int, TaskAccuracies]
) -> pd.DataFrame:
    """Compare baselines.csv; return its rows."""
    rows: list[dict[str, Any]] = []
    for task, of_task in found.items():
        beside = next(iter(of_task.controls.values()), None)
        if of_task.base is not None:
            both = {name: of_task.base[name] for name in ("worst_group_accuracy", "average_accuracy")}
            rows.append({"task": task, "method": "base_model", "n": 1, **both})
        if beside is not None:
            worst = beside["worst_group_accuracy"]
            rows.append({"task": task, "method": "control", "n": 1, "worst_group_accuracy": worst})
        of_experts = spread(row.run_worst_group for row in experts if row.task == task)
        if of_experts.n:
            both = {"worst_group_accuracy": of_experts.mean, "worst_group_accuracy_sd": of_experts.sd}
            rows.append({"task": task, "method": "experts", "n": of_experts.n, **both})
        rows += _benchmarked(release, task)
    ends = ["worst_group_accuracy_low", "worst_group_accuracy_high"]
    columns = ["n", "worst_group_accuracy", "worst_group_accuracy_sd", "average_accuracy", *ends]
    mine = pd.DataFrame(rows, columns=["task", "method", *columns])
    theirs = release.csv("baselines")
    theirs = theirs[theirs.task.isin(release.tasks) & theirs.worst_group_accuracy.notna()]
    known = pd.MultiIndex.from_frame(mine[["task", "method"]])
    is_kept = pd.MultiIndex.from_frame(theirs[["task", "method"]]).isin(known)
    report.compare("baselines", ["task", "method"], mine, theirs[is_kept], columns)
    if not is_kept.all():
        why = "of a benchmark by a version before 0.12, which kept no predictions"
        report.not_rebuilt(f"baselines: {int((~is_kept).sum())} rows", why)
    return mine


def _benchmarked(release: Release, task: int) -> Iterator[dict[str, Any]]:
    """Yield the row of each method of a benchmark, with an interval for other test images."""
    test, train = release.lowest("test", task), release.lowest("groups", task).train_images.to_numpy()
    for method, classifiers in release.lowest("benchmark", task).groupby("method", sort=False):
        each = pd.DataFrame([accuracies(predicted, test, train) for predicted in classifiers.predictions])
        worst = each.worst_group_accuracy
        right = np.stack([np.asarray(predicted) == test.label.to_numpy() for predicted in classifiers.predictions])
        drawn = resampled_accuracies(right, test.group.to_numpy()).min(axis=2).mean(axis=0)
        low, high = percentile_interval(drawn)
        yield {
            "task": task,
            "method": method,
            "n": len(each),
            "worst_group_accuracy": worst.mean(),
            "worst_group_accuracy_sd": worst.std(),
            "average_accuracy": each.average_accuracy.mean(),
            "worst_group_accuracy_low": low,
            "worst_group_accuracy_high": high,
        }
