"""What one common word reaches on a task, and whether a phrase is better than guessing."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
import pandas as pd

from .error_scores import Floats, null_level
from .release_tables import Release
from .report import Report

QUANTILE, MIN_IMAGES = 0.95, 10


@dataclass(frozen=True)
class Vocabulary:
    """Error scores of common words on all validation images of a task's class, in ascending order; none of too few."""

    scores: Floats
    negated: Floats

    def level(self, sign: float) -> float | None:
        """Return what one word stays at or below in 19 of 20 cases."""
        ordered = self.scores if sign > 0 else self.negated
        if not len(ordered):
            return None
        return float(ordered[int((np.arange(1, len(ordered) + 1) / len(ordered) >= QUANTILE).argmax())])

    def chance(self, level: float, tries: int) -> float:
        """Return how likely the best of so many words, drawn without replacement, is above a level."""
        n, below = len(self.scores), int((self.scores <= level).sum())
        return 1.0 if tries > n else 1 - comb(below, tries) / comb(n, tries)


def vocabularies(release: Release) -> dict[int, Vocabulary]:
    """Return what common words score on each task where they are scored."""
    found = {}
    for task in release.tasks:
        rows = release.lowest("vocabulary", task)
        for row in rows[rows.half.isna()].itertuples():
            found[task] = Vocabulary(np.sort(row.scores), np.sort(row.negated_scores))
    return found


def judged(value: float, unrelated: float, level: float | None, n_correct: int, n_wrong: int) -> str:
    """Say whether a score is better than guessing: above both levels."""
    if min(n_correct, n_wrong) < MIN_IMAGES:
        return "too_few_images"
    if value <= unrelated:
        return "no"
    return "not_known_yet" if level is None else "yes" if value > level else "no"


def rebuild_guessing(release: Release, report: Report, said: pd.DataFrame, known: Mapping[int, Vocabulary]) -> None:
    """Compare what phrases.csv says of guessing."""
    theirs = release.csv("phrases")
    theirs = theirs[theirs.error_score.notna() & theirs.task.isin(release.tasks)]
    scores = said.drop_duplicates("phrase").set_index("phrase").error_score
    levels = [known[row.task].level(row.sign) if row.task in known else None for row in theirs.itertuples()]
    mine = theirs[["phrase"]].assign(vocabulary_level=pd.Series(levels, theirs.index, dtype=float))
    mine["better_than_guessing"] = [
        judged(scores.get(row.phrase, row.error_score), row.null_level, level, row.correct_images, row.wrong_images)
        for row, level in zip(theirs.itertuples(), levels, strict=True)
    ]
    report.compare("phrases", ["phrase"], mine, theirs, ["vocabulary_level", "better_than_guessing"])


def ideas(said: pd.DataFrame, known: Mapping[int, Vocabulary]) -> pd.Series:
    """Return which phrases may name a concept: those better than guessing, and all where that cannot be told."""

    def is_idea(row: Any) -> bool:
        vocabulary = known.get(row.task)
        if vocabulary is None or vocabulary.level(1) is None:
            return True
        if pd.isna(row.error_score) or pd.isna(row.tries):
            return False
        counts = int(row.correct_images), int(row.wrong_images)
        unrelated = null_level(*counts, int(row.tries))
        return judged(row.error_score, unrelated, vocabulary.level(row.sign), *counts) == "yes"

    return pd.Series([is_idea(row) for row in said.itertuples()], said.index, dtype=bool)
