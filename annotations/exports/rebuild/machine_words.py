"""A machine's keywords: their ranks, people's phrases among them, and what retraining with the first ones does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .error_scores import Floats, add_chances, vocabularies
from .release_tables import Release
from .report import Report, room_of_quantile
from .run_accuracies import TaskAccuracies
from .slice_accuracies import best_annotation, label_of

IN_TOP, RESAMPLES, SEED = 10, 2_000, 9
_LIST = ["task", "list_digest"]
_PARTS = ["n", "before", "control", "after", "gain"]
_ENDS = {"low": 0.025, "high": 0.975}


def rebuild_keywords(
    release: Release, report: Report, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]
) -> pd.DataFrame:
    """Compare the four tables of keywords; return the rows of keyword_splits.csv."""
    ranked = _ranked(release)
    _compare_ranks(release, report, ranked)
    _compare_phrases(release, report, said, ranked)
    beside = {task: list(_on_test(release, said, task, found[task])) for task in release.tasks}
    splits = [row for task, words in beside.items() for each in words for row in _splits(task, each)]
    less = [row for task, words in beside.items() for each in words[1:] for row in _less(task, words[0], each)]
    key, ends = [*_LIST, "whose"], ["gain_low", "gain_high"]
    mine = pd.DataFrame(splits, columns=[*key, "part", "words", *_PARTS, *ends, *(f"{each}_room" for each in ends)])
    differences = ["people", "machine", "difference", "low", "high"]
    rooms = ["low_room", "high_room"]
    there = [task for task, words in beside.items() if words]
    for name, last, rows, columns in (
        ("keyword_splits", "part", mine, ["words", *_PARTS, *ends]),
        (
            "people_less_machine",
            "measure",
            pd.DataFrame(less, columns=[*key, "measure", *differences, *rooms]),
            differences,
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
        level = known[task].level(1) if task in known else None
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
        clip_score = 100 * (signed[wrong].mean() - signed[~wrong].mean())
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


@dataclass(frozen=True)
class _Words:
    """What some words do to the test images of a class, of which those that nothing tells apart are one kind.

    above: which kinds are above; right: by model, which it gets right; weights: how many images there are of each kind,
    then in each draw.
    """

    digest: str
    whose: str
    text: str
    above: Floats
    right: dict[str, Floats]
    weights: Floats

    def shares(self, name: str, part: str) -> Floats:
        """Return a model's accuracy on a part: as it is, then of each draw of the images; nan without any."""
        members = self.above if part == "minority" else ~self.above
        some, right = self.weights @ members, self.weights @ (members & self.right[name])
        found: Floats = np.divide(right, some, np.full(len(some), np.nan), where=some > 0)
        return found

    def gains(self, part: str) -> Floats:
        """Return what retraining with the words adds to the control, or to the base model without one."""
        return self.shares("after", part) - self.shares("control" if "control" in self.right else "before", part)


def _on_test(release: Release, said: pd.DataFrame, task: int, found: TaskAccuracies) -> Iterator[_Words]:
    """Yield people's best phrase, then the first keywords of each list; nothing where no list was retrained with."""
    machine, kept_best = release.lowest("retrained_keywords", task), best_annotation(release, said, task)
    if not len(machine) or kept_best is None:
        return
    best, of_best, threshold = kept_best
    test, label = release.lowest("test", task), label_of(release, task)
    of_class = (test.label == label).to_numpy()
    before = test.predicted.to_numpy()[of_class]
    kept = before >= 0
    known = {"before": before}
    if found.controls:
        known["control"] = next(iter(found.controls.values()))["predictions"][of_class]
    after = found.runs[best.run]["predictions"][of_class] if best.run in found.runs else None
    words = [("", "people", best.text, of_best.sign, threshold, of_best.test_similarities, after)]
    words += [
        (row.list_digest, row.whose, row.keyword, row.sign, row.threshold, row.test_similarities, row.predictions)
        for row in machine.itertuples()
    ]
    seen: list[tuple[Floats, dict[str, Floats]]] = []
    for *_, sign, threshold, values, after in words:
        models = known if after is None else {**known, "after": np.asarray(after)}
        above = np.float32(sign) * np.asarray([] if values is None else values, np.float32) > np.float32(threshold)
        right = {name: (each == label)[kept] for name, each in models.items()}
        seen.append((above[kept], right) if len(above) else (above, {}))
    rows = np.stack([row for above, right in seen if len(above) for row in (above, *right.values())])
    _, first, counts = np.unique(rows, axis=1, return_index=True, return_counts=True)
    n = counts.sum()
    weights = np.vstack([counts, np.random.default_rng(SEED).multinomial(n, counts / n, RESAMPLES)])
    for (digest, whose, text, *_), (above, right) in zip(words, seen, strict=True):
        kinds = first if len(above) else first[:0]
        of_kinds = {name: each[kinds] for name, each in right.items()}
        yield _Words(digest, whose, text, above[kinds], of_kinds, weights[:, : len(kinds)])


def _splits(task: int, of: _Words) -> Iterator[dict[str, Any]]:
    for part in ("minority", "majority"):
        n = int(of.weights[0] @ (of.above if part == "minority" else ~of.above))
        row = {"task": task, "list_digest": of.digest, "whose": of.whose, "words": of.text, "part": part, "n": n}
        if n:
            row |= {name: of.shares(name, part)[0] for name in of.right}
            if "after" in of.right:
                gains = of.gains(part)
                row |= {"gain": gains[0], **{f"gain_{name}": each for name, each in _ends(gains[1:]).items()}}
        yield row


def _less(task: int, people: _Words, machine: _Words) -> Iterator[dict[str, Any]]:
    if not (people.above.any() and machine.above.any()):
        return
    measures = {"minority_before": [each.shares("before", "minority") for each in (people, machine)]}
    if "after" in people.right and "after" in machine.right:
        measures["minority_gain"] = [each.gains("minority") for each in (people, machine)]
    for measure, (ours, theirs) in measures.items():
        difference = ours - theirs
        named = {"task": task, "list_digest": machine.digest, "whose": machine.whose, "measure": measure}
        yield {**named, "people": ours[0], "machine": theirs[0], "difference": difference[0], **_ends(difference[1:])}


def _ends(draws: Floats) -> dict[str, float]:
    there = draws[~np.isnan(draws)]
    ends = {name: float(np.quantile(there, share)) for name, share in _ENDS.items()}
    return ends | {f"{name}_room": room_of_quantile(there, share) for name, share in _ENDS.items()}
