"""A machine's keywords: their ranks, people's phrases among them, and what retraining with the first ones does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from annotations.exports.rebuild.error_scores import add_chances, vocabularies
from annotations.exports.rebuild.release_tables import Release
from annotations.exports.rebuild.report import Report
from annotations.exports.rebuild.run_accuracies import TaskAccuracies
from annotations.exports.rebuild.slice_accuracies import best_annotation, label_of
from modeling.arrays.keywords.keyword_ranking import clip_scores
from modeling.arrays.retraining.parts_on_test import PartsOnTest, people_less_machine

IN_TOP = 10
_LIST = ["task", "list_digest"]
_PARTS = ["n", "before", "control", "after", "gain"]


def rebuild_keywords(
    release: Release, report: Report, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]
) -> pd.DataFrame:
    """Compare the four tables of keywords; return the rows of keyword_splits.csv."""
    ranked = _ranked(release)
    _compare_ranks(release, report, ranked)
    _compare_phrases(release, report, said, ranked)
    beside = {task: list(_on_test(release, said, task, found[task])) for task in release.tasks}
    splits = [
        {"task": task, "list_digest": each.digest, "whose": each.whose, "words": each.text, **row}
        for task, words in beside.items()
        for each in words
        for row in each.rows()
    ]
    less = [
        {"task": task, "list_digest": each.digest, "whose": each.whose, **row}
        for task, words in beside.items()
        for each in words[1:]
        for row in people_less_machine(words[0], each)
    ]
    key, ends = [*_LIST, "whose"], ["gain_low", "gain_high"]
    mine = pd.DataFrame(splits, columns=[*key, "part", "words", *_PARTS, *ends])
    differs = ["people", "machine", "difference", "low", "high"]
    there = [task for task, words in beside.items() if words]
    for name, last, rows, columns in (
        ("keyword_splits", "part", mine, ["words", *_PARTS, *ends]),
        (
            "people_less_machine",
            "measure",
            pd.DataFrame(less, columns=[*key, "measure", *differs]),
            differs,
        ),
    ):
        theirs = release.csv(name)
        theirs = theirs.assign(list_digest=theirs.list_digest.fillna(""))
        report.compare(name, [*key, last], rows, theirs[theirs.task.isin(there)], columns)
        if not theirs.task.isin(there).all():
            report.not_rebuilt(f"{name}: some tasks", "no similarities of their best phrase, see README.txt")
    return mine


def _ranked(release: Release) -> pd.DataFrame:
    """Return every keyword of every list, with its ranks and how likely words by chance score as high."""
    known, parts = vocabularies(release), []
    counts = dict.fromkeys(("correct_images", "wrong_images", "tries"), 0)
    for task in release.tasks:
        wrong = release.lowest("validation", task).is_error
        counts = {"correct_images": int((~wrong).sum()), "wrong_images": int(wrong.sum()), "tries": 1}
        level = known[task].of_sign(1) if task in known else None
        parts.append(release.lowest("ranked_keywords", task).assign(task=task, vocabulary_level=level, **counts))
    columns = [*_LIST, "keyword", "normalised", "sign", "error_score", "clip_score", "vocabulary_level", *counts]
    ranked = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    lists = ranked.groupby(_LIST)
    ranked["rank"] = lists.cumcount() + 1
    ranked["clip_rank"] = lists.clip_score.rank(method="first", ascending=False)
    ranked["list_keywords"] = lists.keyword.transform("size")
    add_chances(ranked)
    return ranked


def _compare_ranks(release: Release, report: Report, ranked: pd.DataFrame) -> None:
    theirs = release.csv("keywords")
    theirs = theirs[theirs.task.isin(release.tasks)]
    columns = ["rank", "sign", "error_score", "clip_score", "clip_rank", "p_value", "list_keywords"]
    key = [*_LIST, "keyword"]
    report.compare("keywords", key, ranked.merge(theirs[key]), theirs, columns)
    templates = release.csv("phrases").groupby("task").text_template.first()
    theirs = theirs[theirs.text_template == theirs.task.map(templates)]  # words in another one are not in the release
    report.compare("keywords", key, ranked.merge(theirs[key]), theirs, ["vocabulary_level"])


def _compare_phrases(release: Release, report: Report, said: pd.DataFrame, ranked: pd.DataFrame) -> None:
    theirs = release.csv("phrases_among_keywords")
    kept = said[said.annotation.notna()]
    rows = []
    for each in theirs.itertuples():
        of_phrase = kept[(kept.task == each.task) & (kept.text == each.phrase)]
        if not len(of_phrase):
            continue
        best = of_phrase.loc[of_phrase.error_score.idxmax()]
        wrong = release.lowest("validation", each.task).is_error.to_numpy(bool)
        of_best = release.lowest("annotations", each.task).set_index("annotation").loc[int(best.annotation)]
        signed = of_best.sign * np.asarray(of_best.similarities, np.float64)
        clip_score = clip_scores(signed[None], wrong)[0]
        of_list = ranked[(ranked.task == each.task) & (ranked.list_digest == each.list_digest)]
        same = of_list[of_list.normalised.str.replace(" ", "") == best.normalised.replace(" ", "")].head(1)
        row = {"task": each.task, "list_digest": each.list_digest, "phrase": each.phrase}
        row |= {"list_keywords": len(of_list), "error_score": best.error_score, "clip_score": clip_score}
        row["error_rank"] = 1 + (of_list.error_score > best.error_score).sum()
        row["clip_rank"] = 1 + (of_list.clip_score > clip_score).sum()
        row["same_rank"], row["same_clip_rank"] = same["rank"].max(), same.clip_rank.max()
        row["is_in_top"] = bool((same.clip_rank <= IN_TOP).any())
        rows.append(row)
    key = [*_LIST, "phrase"]
    columns = ["list_keywords", "error_score", "clip_score", "error_rank", "clip_rank"]
    columns += ["same_rank", "same_clip_rank", "is_in_top"]
    mine = pd.DataFrame(rows, columns=[*key, *columns])
    is_kept = pd.MultiIndex.from_frame(theirs[key]).isin(pd.MultiIndex.from_frame(mine[key]))
    report.compare("phrases_among_keywords", key, mine, theirs[is_kept], columns)
    if not is_kept.all():
        report.not_rebuilt("phrases_among_keywords: some phrases", "no similarities of theirs, see README.txt")


@dataclass(frozen=True, eq=False)
class _Words(PartsOnTest):
    digest: str
    whose: str
    text: str


def _on_test(release: Release, said: pd.DataFrame, task: int, found: TaskAccuracies) -> Iterator[_Words]:
    """Yield people's best phrase, then the first keywords of each list; nothing where no list was retrained with."""
    machine, kept_best = release.lowest("retrained_keywords", task), best_annotation(release, said, task)
    if not len(machine) or kept_best is None:
        return
    best, of_best, threshold = kept_best
    test, label = release.lowest("test", task), label_of(release, task)
    of_class = (test.label == label).to_numpy()
    before = test.predicted.to_numpy()[of_class]
    known = {"before": before}
    if found.controls:
        known["control"] = next(iter(found.controls.values()))["predictions"][of_class]
    after = found.runs[best.run]["predictions"][of_class] if best.run in found.runs else None
    words = [("", "people", best.text, of_best.sign, threshold, of_best.test_similarities, after)]
    words += [
        (row.list_digest, row.whose, row.keyword, row.sign, row.threshold, row.test_similarities, row.predictions)
        for row in machine.itertuples()
    ]
    for digest, whose, text, sign, threshold, values, after in words:
        models = known if after is None else {**known, "after": np.asarray(after)}
        above = np.float32(sign) * np.asarray([] if values is None else values, np.float32) > np.float32(threshold)
        right = {name: (each == label)[before >= 0] for name, each in models.items()} if len(above) else {}
        yield _Words(above[before >= 0] if len(above) else above, right, digest, whose, text)
