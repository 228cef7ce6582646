"""What corrections do overall, from accuracies of groups and parts of a class; and their gains, from these."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from annotations.analysis.figures.chart_values import Figure
from annotations.corrections.correction_effects import EFFECTS, Measured, splits_figure
from annotations.releases.rebuild.release_tables import Release, known
from annotations.releases.rebuild.report import Report

_MODEL = ["correction", "set", "dataset", "model"]
_WEIGHTED = ["average", "gap"]  # by the groups' train images
_GAINS = {"own_gain": "control", "gain": "before"}


def rebuild_corrections(release: Release, report: Report, said: pd.DataFrame) -> Iterator[Figure]:
    """Compare corrections.csv, the overall rows of correction_effects.csv, and the scores of correction_annotations.

    Yield the figure of each correction.
    """
    effects = release.csv("correction_effects")
    groups = [release.lowest("groups", task) for task in release.tasks]
    of_groups = pd.concat(groups).drop_duplicates(["dataset", "name"]) if groups else pd.DataFrame(columns=["dataset"])
    measured = effects[effects.what != "overall"].merge(of_groups, how="left", on=["dataset", "name"])
    rows = [
        {**dict(zip(_MODEL, key, strict=True)), "name": name, "accuracy": value}
        for key, of_model in measured.groupby(_MODEL)
        for name, value in _overall(of_model).items()
    ]
    mine = pd.DataFrame(rows, columns=[*_MODEL, "name", "accuracy"])
    is_known = effects.dataset.isin(of_groups.dataset) | ~effects.name.isin(_WEIGHTED)
    theirs = effects[(effects.what == "overall") & is_known]
    report.compare("correction_effects", [*_MODEL, "name"], mine, theirs, ["accuracy"])
    if not is_known.all():
        why = "its groups' train images are not in the release"
        report.not_rebuilt("correction_effects: average and gap on a second data set", why)
    worst = mine[(mine.set == "test") & (mine.name == "worst_group")].pivot(
        index="correction", columns="model", values="accuracy"
    )
    worst = worst.reindex(columns=[*worst.columns.union(["before", "control", "after"])])
    gains = pd.DataFrame({name: worst.after - worst[less] for name, less in _GAINS.items()})
    corrections = release.csv("corrections")
    gains = gains.reindex(corrections.correction).reset_index()
    report.compare("corrections", ["correction"], gains, corrections, list(_GAINS))
    theirs = release.csv("correction_annotations")
    mine = theirs[["correction", "class"]].assign(error_score=[_score(row, said) for row in theirs.itertuples()])
    report.compare("correction_annotations", ["correction", "class"], mine, theirs, ["error_score"])
    for correction, rows in effects.groupby("correction"):
        measured = [
            Measured(*map(known, row))
            for row in rows[EFFECTS.header].astype({"images": "Int64"}).itertuples(index=False)
        ]
        review = corrections.review[corrections.correction == correction].iloc[0]
        yield splits_figure(int(correction), measured, review)


def _overall(of_model: pd.DataFrame) -> dict[str, Any]:
    groups = of_model[of_model.what.eq("group") & of_model.images.gt(0)]
    found = {"worst_group": groups.accuracy.min(), "average_plain": np.average(groups.accuracy, weights=groups.images)}
    if groups.train_images.notna().all():
        weights = groups.train_images if groups.train_images.any() else groups.images
        found["average"] = np.average(groups.accuracy, weights=weights)
        found["gap"] = found["average"] - found["worst_group"]
    parts = of_model[of_model.what.eq("part")].groupby("name").accuracy.mean()
    return {**found, **{name: parts.get(name) for name in ("minority", "majority")}}


def _score(row: Any, said: pd.DataFrame) -> float | None:
    """Of the phrase: where several with the same text have a score, of other classes, the nearest."""
    scores = said.error_score[said.text == row.text].dropna()
    return float(scores.loc[(scores - row.error_score).abs().idxmin()]) if len(scores) else None
