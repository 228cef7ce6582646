"""Error scores from similarities and errors, what unrelated words reach, and what is better than guessing."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from annotations.exports.rebuild.release_tables import Release, stacked
from annotations.exports.rebuild.report import Report
from modeling.arrays.phrases.error_score import error_scores
from modeling.arrays.phrases.null_level import null_level, p_method, p_values
from modeling.arrays.phrases.vocabulary_level import vocabulary_level

Floats = np.ndarray[Any, Any]
SCORE = ["error_score", "threshold", "two_sided_error_score", "two_sided_threshold"]
COUNTS = ["correct_images", "wrong_images"]


@cache
def scores_of(release: Release, task: int) -> pd.DataFrame:
    """Return a row for each annotation of a task, with its score, by annotation.

    Empty where the task has no wrong or no correct images.
    """
    wrong = release.lowest("validation", task).is_error.to_numpy(bool)
    kept = release.lowest("annotations", task)
    rows = pd.DataFrame(index=kept.annotation, columns=SCORE, dtype=float)
    if len(kept):
        signed = stacked(kept.similarities, len(wrong), np.float32) * kept.sign.to_numpy(np.float32)[:, None]
        of = error_scores(signed, wrong)
        rows[SCORE] = np.stack([of.value, of.threshold, of.two_sided, of.two_sided_threshold], axis=1)
    rows["sign"] = kept.sign.to_numpy()
    rows["text_digest"] = [sha256(np.asarray(each, "<f4").tobytes()).hexdigest() for each in kept.embedding]
    rows["correct_images"], rows["wrong_images"] = int((~wrong).sum()), int(wrong.sum())
    return rows


def rebuild_scores(release: Release, report: Report) -> pd.DataFrame:
    """Compare phrases.csv; return what was said, with the scores computed again, the release's where that cannot be."""
    said = release.lowest("said").copy()
    there = release.csv("phrases").set_index("phrase")
    said["error_score"] = said.phrase.map(there.error_score)
    for column in COUNTS:
        said[column] = said.phrase.map(there[column])
    parts = []
    for task in release.tasks:
        scores = scores_of(release, task)
        of_task = said[(said.task == task) & said.annotation.notna()]
        found = scores.loc[of_task.annotation.astype(int)].set_index(of_task.index)
        for column in ("error_score", *COUNTS):
            said.loc[of_task.index, column] = found[column]
        parts.append(found.assign(phrase=of_task.phrase, tries=of_task.tries))
    mine = pd.concat(parts) if parts else pd.DataFrame(columns=["phrase", "tries", *SCORE])
    mine = mine[mine.phrase.isin(there.index)].drop_duplicates("phrase")
    add_chances(mine)
    theirs = there.loc[mine.phrase].reset_index()
    columns = [*SCORE, "sign", *COUNTS, "p_value", "p_method", "null_level", "text_digest"]
    report.compare("phrases", ["phrase"], mine, theirs, columns)
    if more := int(there.error_score.notna().sum()) - len(mine):
        why = "their similarities are not in the release, see README.txt, or they are of experts of this study"
        report.not_rebuilt(f"phrases: {more} error scores", why)
    return said


def add_chances(rows: pd.DataFrame) -> None:
    """Add p-value, its method and null level to the rows."""
    counts = rows[COUNTS].astype(int)
    of_rows = list(counts.itertuples(index=False, name=None))
    p = np.empty(len(rows))
    for (n, m), at in counts.groupby(COUNTS).indices.items():
        p[at] = p_values(rows.error_score.to_numpy(float)[at], int(n), int(m))
    rows["p_value"], rows["p_method"] = p, [p_method(*each) for each in of_rows]
    rows["null_level"] = [null_level(*each, int(tries)) for each, tries in zip(of_rows, rows.tries, strict=True)]


@dataclass(frozen=True)
class Vocabulary:
    """Error scores of common words on all validation images of a task's class; none of too few."""

    scores: Floats
    negated: Floats

    def of_sign(self, sign: int) -> float | None:
        """Return what one word stays at or below in 19 of 20 cases."""
        return vocabulary_level(self.scores_of(sign)) if len(self.scores_of(sign)) else None

    def scores_of(self, sign: int) -> Floats:
        return self.scores if sign > 0 else self.negated


def vocabularies(release: Release) -> dict[int, Vocabulary]:
    """Return what common words score on each task where they are scored."""
    found = {}
    for task in release.tasks:
        rows = release.lowest("vocabulary", task)
        for row in rows[rows.half.isna()].itertuples():
            found[task] = Vocabulary(np.asarray(row.scores), np.asarray(row.negated_scores))
    return found
