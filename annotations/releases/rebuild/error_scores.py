"""Error scores from similarities and errors, what unrelated words reach, and what is better than guessing."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from annotations.analysis.observations.person_tasks import phrase_is_better
from annotations.analysis.observations.study_rows import StudyRows
from annotations.releases.rebuild.release_tables import Release, Report, stacked
from clarify_errors.arrays.phrases.error_score import error_scores
from clarify_errors.arrays.phrases.null_level import null_level, p_method, p_values
from clarify_errors.arrays.phrases.vocabulary_level import vocabulary_level

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
    scored = ["error_score", *COUNTS]
    for column in scored:
        said[column] = said.phrase.map(there[column])
    parts = []
    for task in release.tasks:
        scores = scores_of(release, task)
        of_task = said[(said.task == task) & said.annotation.notna()]
        found = scores.loc[of_task.annotation.astype(int)].set_index(of_task.index)
        said.loc[of_task.index, scored] = found[scored]
        parts.append(found.assign(phrase=of_task.phrase, tries=of_task.tries))
    mine = pd.concat(parts) if parts else pd.DataFrame(columns=["phrase", "tries", *SCORE, *COUNTS])
    mine = mine[mine.phrase.isin(there.index)].drop_duplicates("phrase").assign(p_value=np.nan)
    counts = list(mine[COUNTS].astype(int).itertuples(index=False, name=None))
    for (n, m), at in mine.groupby(COUNTS).error_score:
        mine.loc[at.index, "p_value"] = p_values(at.to_numpy(float), int(n), int(m))
    mine["p_method"] = [p_method(*each) for each in counts]
    mine["null_level"] = [null_level(*each, int(tries)) for each, tries in zip(counts, mine.tries, strict=True)]
    theirs = there.loc[mine.phrase].reset_index()
    columns = [*SCORE, "sign", *COUNTS, "p_value", "p_method", "null_level", "text_digest"]
    report.compare("phrases", ["phrase"], mine, theirs, columns)
    if more := int(there.error_score.notna().sum()) - len(mine):
        why = "their similarities are not in the release, see README.txt, or they are of experts of this study"
        report.not_rebuilt(f"phrases: {more} error scores", why)
    return said


@dataclass(frozen=True)
class ReleasedVocabulary:
    """Error scores of common words on all validation images of a task's class; none of too few."""

    scores: Floats
    negated: Floats

    def of_sign(self, sign: int) -> float | None:
        """Return what one word stays at or below in 19 of 20 cases."""
        return vocabulary_level(self.scores_of(sign)) if len(self.scores_of(sign)) else None

    def scores_of(self, sign: int) -> Floats:
        return self.scores if sign > 0 else self.negated


def vocabularies(release: Release) -> dict[int, ReleasedVocabulary]:
    """Return what common words score on each task where they are scored."""
    rows = {task: release.lowest("vocabulary", task) for task in release.tasks}
    return {
        task: ReleasedVocabulary(np.asarray(row.scores), np.asarray(row.negated_scores))
        for task, of_task in rows.items()
        for row in of_task.itertuples()
    }


def compare_guessing(release: Release, report: Report, rows: StudyRows) -> None:
    """Compare what phrases.csv says of guessing."""
    theirs, known = release.csv("phrases"), rows.vocabularies
    theirs = theirs[theirs.error_score.notna() & theirs.task.isin(release.tasks)]
    better = {each.phrase: phrase_is_better(each, known.get(each.task)) for each in (*rows.tried, *rows.experts)}
    levels = [known[row.task].of_sign(row.sign) if row.task in known else None for row in theirs.itertuples()]
    mine = theirs[["phrase"]].assign(vocabulary_level=pd.Series(levels, theirs.index, dtype=float))
    mine["better_than_guessing"] = mine.phrase.map(better)
    report.compare("phrases", ["phrase"], mine, theirs, ["vocabulary_level", "better_than_guessing"])
