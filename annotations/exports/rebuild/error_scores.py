"""Error scores from similarities and errors, what unrelated words reach, and what is better than guessing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from math import comb, expm1, gcd, log, sqrt
from typing import Any

import numpy as np
import pandas as pd

from .release_tables import Release, stacked
from .report import Report

MAX_EXACT_PAIRS = 10**7  # of images; beyond, the null distribution is Smirnov's limit
_FINEST = 256  # steps in the sum for a mean
Floats = np.ndarray[Any, Any]
SCORE = ["error_score", "threshold", "two_sided_error_score", "two_sided_threshold"]


@cache
def scores_of(release: Release, task: int) -> pd.DataFrame:
    """Return a row for each annotation of a task, with its score, by annotation.

    Empty where the task has no wrong or no correct images.
    """
    wrong = release.lowest("validation", task).is_error.to_numpy(bool)
    kept = release.lowest("annotations", task)
    values = stacked(kept.similarities, len(wrong), np.float32) * kept.sign.to_numpy(np.float32)[:, None]
    rows = pd.DataFrame([error_score(row, wrong) for row in values], columns=SCORE, index=kept.annotation)
    rows["sign"] = kept.sign.to_numpy()
    rows["text_digest"] = [sha256(np.asarray(each, "<f4").tobytes()).hexdigest() for each in kept.embedding]
    rows["correct_images"], rows["wrong_images"] = int((~wrong).sum()), int(wrong.sum())
    return rows


def error_score(values: Floats, wrong: Floats) -> tuple[float, float, float, float]:
    """Return the largest difference of distribution functions and its threshold, one-sided and two-sided.

    Of tied thresholds the one with the more even split, then the smaller; nan where the score is 0.
    """
    order = np.argsort(values, kind="stable")
    ordered, is_wrong = values[order], wrong[order]
    n, n_wrong = len(order), int(wrong.sum())
    last = np.append(ordered[1:] != ordered[:-1], True)
    ahead = (np.cumsum(~is_wrong) * n_wrong - np.cumsum(is_wrong) * (n - n_wrong))[last]
    below, at = np.arange(1, n + 1)[last], ordered[last]
    found: list[float] = []
    for advantage in (ahead, np.abs(ahead)):
        largest = int(advantage.max())
        if largest <= 0:
            found += [0.0, np.nan]
            continue
        even = np.where(advantage == largest, np.minimum(below, n - below), -1)
        best = int(even.argmax())
        middle = np.float32((float(at[best]) + float(at[best + 1])) / 2)
        found += [largest / (n_wrong * (n - n_wrong)), float(at[best] if middle >= at[best + 1] else middle)]
    return found[0], found[1], found[2], found[3]


def step_count(n_correct: int, n_wrong: int) -> int:
    """Return by how many equal steps scores differ at the most."""
    return n_correct * n_wrong // gcd(n_correct, n_wrong)


@cache
def reaching(n_correct: int, n_wrong: int, steps: tuple[int, ...]) -> Floats:
    """Return the probability that words unrelated to the errors reach each number of steps.

    The share of orders of the images, as lattice paths, that touch a line; diagonal by diagonal.
    """
    if n_correct * n_wrong > MAX_EXACT_PAIRS:
        return np.exp(-_rate(n_correct, n_wrong) * (np.array(steps) / step_count(n_correct, n_wrong)) ** 2)
    lines = np.array(steps)[:, None]
    short, long = sorted((n_correct, n_wrong))
    right, up = (each // gcd(short, long) for each in (short, long))
    y = np.arange(short + 1)
    share = (lines <= 0) & (y == 0)[None, :]
    share = share.astype(np.float64)
    for t in range(1, short + long + 1):
        x = t - y
        from_below = np.concatenate([np.zeros((len(lines), 1)), share[:, :-1]], axis=1)
        share = np.where((x >= 0) & (x <= long), (x * share + y * from_below) / t, 0.0)
        share = np.where((x >= 0) & (x <= long) & (x * right - y * up >= lines), 1.0, share)
    touching: Floats = share[:, -1]
    return touching


@cache
def null_level(n_correct: int, n_wrong: int, tries: int) -> float:
    """Return the smallest score x that the best of so many unrelated words stays at or below with probability 0.95."""
    n_steps = step_count(n_correct, n_wrong)
    most = -expm1(log(0.95) / tries)
    low, high = 0, n_steps + 1  # at low more than `most` reach it, at high no more
    while high - low > 1:
        places = tuple(sorted({int(each) for each in np.linspace(low + 1, high - 1, min(32, high - low - 1))}))
        few = reaching(n_correct, n_wrong, places) <= most
        first = int(few.argmax()) if few.any() else len(places)
        low, high = places[first - 1] if first else low, places[first] if first < len(places) else high
    return (high - 1) / n_steps


@cache
def null_mean(n_correct: int, n_wrong: int, tries: int) -> float:
    """Return the mean score of the best of so many unrelated words, by the trapezoidal rule over at most 256 steps."""
    n_steps, rate = step_count(n_correct, n_wrong), _rate(n_correct, n_wrong)
    furthest = min(n_steps, int(n_steps * sqrt(12 * log(10) / rate)) + 1)
    steps = np.unique(np.linspace(0, furthest, min(furthest, _FINEST) + 1).astype(np.int64))
    reached = 1 - (1 - reaching(n_correct, n_wrong, tuple(steps.tolist()))) ** tries
    return float((np.trapezoid(reached, steps) - (reached[0] - reached[-1]) / 2) / n_steps)


def _rate(n_correct: int, n_wrong: int) -> float:
    return 2 * n_correct * n_wrong / (n_correct + n_wrong)


def rebuild_scores(release: Release, report: Report) -> pd.DataFrame:
    """Compare phrases.csv; return what was said, with the scores computed again, the release's where that cannot be."""
    said = release.lowest("said").copy()
    there = release.csv("phrases").set_index("phrase")
    said["error_score"] = said.phrase.map(there.error_score)
    said["correct_images"], said["wrong_images"] = (
        said.phrase.map(there[name]) for name in ("correct_images", "wrong_images")
    )
    parts = []
    for task in release.tasks:
        scores = scores_of(release, task)
        of_task = said[(said.task == task) & said.annotation.notna()]
        found = scores.loc[of_task.annotation.astype(int)].set_index(of_task.index)
        for column in ("error_score", "correct_images", "wrong_images"):
            said.loc[of_task.index, column] = found[column]
        parts.append(found.assign(phrase=of_task.phrase, tries=of_task.tries))
    mine = pd.concat(parts) if parts else pd.DataFrame(columns=["phrase", "tries", *SCORE])
    mine = mine[mine.phrase.isin(there.index)].drop_duplicates("phrase")
    add_chances(mine)
    theirs = there.loc[mine.phrase].reset_index()
    columns = [*SCORE, "sign", "correct_images", "wrong_images", "p_value", "p_method", "null_level", "text_digest"]
    report.compare("phrases", ["phrase"], mine, theirs, columns)
    if more := int(there.error_score.notna().sum()) - len(mine):
        why = "their similarities are not in the release, see README.txt, or they are of experts of this study"
        report.not_rebuilt(f"phrases: {more} error scores", why)
    return said


def add_chances(rows: pd.DataFrame) -> None:
    """Add p-value, its method and null level to the rows, each distinct question answered once."""
    counts = list(zip(rows.correct_images.astype(int), rows.wrong_images.astype(int), strict=True))
    p_values: dict[tuple[int, int, int], float] = {}
    steps = [(n, m, round(value * step_count(n, m))) for (n, m), value in zip(counts, rows.error_score, strict=True)]
    for n, m in set(counts):
        wanted = tuple(sorted({each[2] for each in steps if each[:2] == (n, m)}))
        p_values |= {(n, m, at): p for at, p in zip(wanted, reaching(n, m, wanted).tolist(), strict=True)}
    rows["p_value"] = [p_values[each] for each in steps]
    rows["p_method"] = ["exact" if n * m <= MAX_EXACT_PAIRS else "asymptotic" for n, m in counts]
    rows["null_level"] = [null_level(n, m, int(tries)) for (n, m), tries in zip(counts, rows.tries, strict=True)]


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
