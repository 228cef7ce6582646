"""What a release's analysis stands on: the same values that the study's own analysis had from the database."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from annotations.analysis.observations.course_steps import EXPERTS_STEPS, Course, Courses, Step
from annotations.analysis.observations.packed_phrases import Packed
from annotations.analysis.observations.person_tasks import Basis, RandomDraws, Tried, annotation_key
from annotations.analysis.observations.study_rows import (
    GroupRuns,
    Keyword,
    RankedList,
    StudyRows,
    TaskFacts,
    beside_keywords,
)
from annotations.analysis.statistics.estimate_types import Interval, spread
from annotations.releases.rebuild.error_scores import ReleasedVocabulary, vocabularies
from annotations.releases.rebuild.recorded_tables import KEY, times
from annotations.releases.rebuild.release_tables import Release, known
from annotations.releases.rebuild.run_accuracies import OWN_CONTROL, TaskAccuracies, accuracies
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH
from clarify_errors.arrays.retraining.group_resampling import percentile_interval, resampled_accuracies
from clarify_errors.arrays.retraining.own_gain_intervals import GainInterval

HIDDEN = "(hidden)"
_BESIDE_BENCHMARK = ("base_model", "control", "experts")  # methods of baselines.csv that no benchmark measures


def study_rows(release: Release, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]) -> StudyRows:
    """Return everything that tables are made of.

    said: with scores, the earliest first, of which the places from 1 are the ids; found: accuracies of each task.
    """
    left_out = release.csv("exclusions")
    left_out = set(left_out.session[left_out.what == "visit"])
    assignments, spans, visits = (release.csv(name) for name in ("assignments", "spans", "sessions"))
    assignments, spans = (each[~each.session.isin(left_out)] for each in (assignments, spans))
    lasting = visits.session[visits.outcome.isna() & visits.place.fillna("live").eq("live")]
    at_work = assignments[(assignments.state != "ended") & assignments.session.isin(lasting)]
    tried, summary, words = list(_tried(release, said, found)), release.csv("summary"), vocabularies(release)
    n_people = int((~said.is_expert).sum())  # who stand before the experts
    return StudyRows(
        slug=release.study["slug"],
        title=release.study["title"],
        tasks=tuple(_facts(release, task, found.get(task["task"]), words) for task in release.study["tasks"]),
        tried=Packed(tried[:n_people]),
        experts=Packed(tried[n_people:]),
        vocabularies=words,
        conditions=tuple(release.study["conditions"]),
        condition_of={row.participant: known(row.condition) for row in summary.itertuples()},
        assigned=tuple(assignments[KEY].itertuples(index=False, name=None)),
        at_work=frozenset(at_work[KEY].itertuples(index=False, name=None)),
        courses=_courses(release),
        times=times(assignments, spans),
        new_concept_chance=release.study["new_concept_chance"],
        primary_measures=tuple(release.study["primary_measures"]),
        draws=dict(_draws(said, found)),
        groups=_group_runs(release, Packed(tried[:n_people]), said, found),
        keyword_gains={task: _keyword_gains(release, task, said, of) for task, of in found.items()},
    )


def _tried(release: Release, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]) -> Iterator[Tried]:
    """Yield phrases with their accuracies, the release's where these cannot be computed again."""
    runs = release.csv("runs").set_index("run")[["worst_group_accuracy", "own_gain_low", "own_gain_high"]]
    there = runs.to_dict("index") | {run: row for of in found.values() for run, row in of.runs.items()}
    shown = said[said.normalised != HIDDEN]
    words = dict(zip(zip(shown.task, shown.words, strict=True), shown.text, strict=True))
    for place, row in enumerate(said.itertuples(), start=1):
        is_scored, run = bool(pd.notna(row.text_digest)), there.get(row.run, {})
        accuracy, *ends = (known(run.get(name)) for name in runs.columns)
        yield Tried(
            row.task,
            row.participant,
            row.text,
            known(row.error_score),
            accuracy,
            n_correct=int(known(row.correct_images) or 0),
            n_error=int(known(row.wrong_images) or 0),
            tries=None if pd.isna(row.tries) else int(row.tries),
            phrase=row.phrase,
            score=place if is_scored else 0,
            key=annotation_key(row.text_digest, int(row.sign)) if is_scored else b"",
            meant=words.get((row.task, row.words), f"{row.words:09}") if row.normalised == HIDDEN else "",
            without_run=Basis(row.basis) if accuracy is None else Basis.PENDING,
            gain_interval=None if None in ends else Interval(*ends),
        )


def _draws(said: pd.DataFrame, found: Mapping[int, TaskAccuracies]) -> Iterator[tuple[int, RandomDraws]]:
    for place, (task, run) in enumerate(zip(said.task, said.run, strict=True), start=1):
        of_run = found[task].runs.get(run, {}) if task in found else {}
        if of_run.get("draw_scores") is not None:
            yield place, RandomDraws(of_run["draw_scores"], of_run["draws"], of_run["is_telling"])


def _group_runs(
    release: Release, tried: Packed, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]
) -> dict[int, GroupRuns]:
    """Return the runs of everybody's best phrase, of the tasks whose groups have names."""
    named = {task["task"] for task in release.study["tasks"] if task["groups_have_names"]}
    read: dict[int, GroupRuns] = {}
    for place in tried.best_scores():
        row = said.iloc[place - 1]
        of_run = found[row.task].runs.get(row.run, {}) if row.task in named & found.keys() else {}
        if "control_groups" in of_run:
            control, reached = (np.array(of_run[name], np.float64) for name in ("control_groups", "group_accuracies"))
            read.setdefault(row.task, GroupRuns(control)).gains.append(reached - control)
    return read


def _keyword_gains(
    release: Release, task: int, said: pd.DataFrame, found: TaskAccuracies
) -> dict[Keyword, dict[int, GainInterval]]:
    rows = release.lowest("retrained_keywords", task)
    measured = rows[rows.right.notna()].itertuples()
    keywords = {(row.list_digest, row.whose): np.asarray(row.right) > 0 for row in measured}
    labels, runs = found.test.label.to_numpy(), found.runs
    places = enumerate(zip(said.task, said.run, strict=True), start=1)
    of_runs = (
        ([place], runs[run]["predictions"] == labels) for place, (of, run) in places if of == task and run in runs
    )
    return beside_keywords(keywords, of_runs, found.test.group.to_numpy()) if keywords else {}


def _courses(release: Release) -> Courses:
    steps = EXPERTS_STEPS if release.study["audience"] == "experts" else tuple(Step)
    people = release.lowest("courses").itertuples()
    return Courses(
        steps, tuple(Course(row.participant, Step[row.step.upper()], known(row.reason) or "") for row in people)
    )


def _facts(
    release: Release, task: Mapping[str, Any], found: TaskAccuracies | None, words: Mapping[int, ReleasedVocabulary]
) -> TaskFacts:
    """Of a task without arrays the accuracies are the release's."""
    place, metrics = task["task"], task["base_model_test_metrics"]
    base = found.base if found and found.base else {}
    control = found.controls.get(OWN_CONTROL) if found else None
    summary = release.csv("summary").groupby("task").control_worst_group.first()
    return TaskFacts(
        position=place,
        class_name=task["class"],
        dataset=task["dataset"],
        base_model=task["base_model"],
        is_imported=task["is_imported"],
        base_worst_group=base.get("worst_group_accuracy", metrics["worst_group"]),
        control_worst_group=control["worst_group_accuracy"] if control else known(summary.get(place)),
        base_average=base.get("average_accuracy", metrics["average"]),
        benchmark=tuple(_benchmark(release, place, found)),
        keywords=tuple(_keywords(release, task, words.get(place))) if found else (),
        groups=tuple(zip(task["groups"], metrics["accuracies"], strict=True)) if task["groups_have_names"] else (),
    )


def _benchmark(release: Release, task: int, found: TaskAccuracies | None) -> Iterator[dict[str, Any]]:
    """Yield the row of each method, with an interval for other test images; as it is without its predictions."""
    methods, classifiers = release.csv("baselines"), release.lowest("benchmark", task) if found else pd.DataFrame()
    for row in methods[(methods.task == task) & ~methods.method.isin(_BESIDE_BENCHMARK)].itertuples():
        recorded = {name: known(getattr(row, name)) for name in ("method", "name", "given", "over", "n", "left_out")}
        recorded |= {
            "worst_group": known(row.worst_group_accuracy),
            "worst_group_sd": known(row.worst_group_accuracy_sd),
            "average": known(row.average_accuracy),
        }
        of_method = classifiers[classifiers.method == row.method] if found else classifiers
        yield recorded | (_measured(found, of_method.predictions) if found and len(of_method) else {})


def _measured(found: TaskAccuracies, predictions: pd.Series) -> dict[str, Any]:
    test = found.test
    each = [accuracies(predicted, test, found.train) for predicted in predictions]
    worst = spread(one["worst_group_accuracy"] for one in each)
    right = np.stack([np.asarray(predicted) == test.label.to_numpy() for predicted in predictions])
    low, high = percentile_interval(resampled_accuracies(right, test.group.to_numpy()).min(axis=2).mean(axis=0))
    ends = {"worst_group_low": low, "worst_group_high": high}
    average = spread(one["average_accuracy"] for one in each).mean
    return {"n": len(each), "worst_group": worst.mean, "worst_group_sd": worst.sd, "average": average, **ends}


def _keywords(release: Release, task: Mapping[str, Any], words: ReleasedVocabulary | None) -> Iterator[RankedList]:
    """Yield the lists that were ranked on a task's class. Words in another template, or language, are not here."""
    listed = release.csv("keywords")
    for row in listed[listed.task == task["task"]].drop_duplicates("list_digest").itertuples():
        is_known = (row.text_template, ENGLISH) == (task["text_template"], release.study["phrase_language"])
        level = (words.of_sign(1) if words else None) if is_known else known(row.vocabulary_level)
        yield RankedList.of(
            row.list, row.list_digest, row.text_template, ranked_rows(release, task["task"], row.list_digest), level
        )


def ranked_rows(release: Release, task: int, list_digest: str) -> list[dict[str, Any]]:
    """Return the keywords of a list by error score, with what follows from both scores."""
    rows = release.lowest("ranked_keywords", task)
    rows = rows[rows.list_digest == list_digest][["keyword", "sign", "error_score", "clip_score"]]
    by_clip = rows.clip_score.rank(method="first", ascending=False).astype(int)
    found: list[dict[str, Any]] = rows.assign(clip_rank=by_clip).to_dict("records")
    return found
