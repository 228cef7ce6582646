"""What people and experts reached on each task: summary.csv, experts.csv, table_3.csv and flow.csv."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import groupby

import pandas as pd

from annotations.analysis.observations.person_tasks import (
    Basis,
    PersonTask,
    RandomDraws,
    Times,
    Tried,
    annotation_key,
    is_idea,
    person_tasks,
    phrase_is_better,
)
from annotations.analysis.tables.flow_table import FLOW, flow_lines
from annotations.exports.rebuild.error_scores import Vocabulary, vocabularies
from annotations.exports.rebuild.recorded_tables import KEY, times
from annotations.exports.rebuild.release_tables import Release
from annotations.exports.rebuild.report import Report, as_table
from annotations.exports.rebuild.run_accuracies import TaskAccuracies
from annotations.readings.monitoring.course_steps import Course, Courses, Step

_TIMES = ["active_time", "waiting_time", "wall_time"]
_OF_ARRAYS = ["vocabulary_level", "better_than_guessing", "guess_chance", "random_slice_percentile"]
MEASURES = [
    *("phrases", "tries", "best_error_score", "null_level", "own_gain", "control_worst_group"),
    *("worst_group_accuracy", "worst_group_accuracy_chosen_on_test", *_OF_ARRAYS),
]
_WORDS = ["basis", "task_end", "best_phrase", "phrase_chosen_on_test"]


def with_accuracies(release: Release, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]) -> pd.DataFrame:
    """Return what was said with the accuracy of its run, the release's where that cannot be computed again."""
    there = release.csv("runs").set_index("run").worst_group_accuracy
    again = {run: row["worst_group_accuracy"] for of_task in found.values() for run, row in of_task.runs.items()}
    accuracy = said.run.map(again).fillna(said.run.map(there)) if len(said) else pd.Series(dtype=float)
    return said.assign(worst_group_accuracy=accuracy.astype(float))


def ideas(said: pd.DataFrame, known: Mapping[int, Vocabulary]) -> list[bool]:
    """Return which phrases may name a concept: those better than guessing, and all where that cannot be told."""
    return [is_idea(each, known.get(each.task)) for each in tried_of(said)]


def rebuild_guessing(release: Release, report: Report, said: pd.DataFrame, known: Mapping[int, Vocabulary]) -> None:
    """Compare what phrases.csv says of guessing."""
    theirs = release.csv("phrases")
    theirs = theirs[theirs.error_score.notna() & theirs.task.isin(release.tasks)]
    better = {each.phrase: phrase_is_better(each, known.get(each.task)) for each in tried_of(said)}
    levels = [known[row.task].of_sign(row.sign) if row.task in known else None for row in theirs.itertuples()]
    mine = theirs[["phrase"]].assign(vocabulary_level=pd.Series(levels, theirs.index, dtype=float))
    mine["better_than_guessing"] = mine.phrase.map(better)
    report.compare("phrases", ["phrase"], mine, theirs, ["vocabulary_level", "better_than_guessing"])


def tried_of(said: pd.DataFrame) -> Iterator[Tried]:
    """Yield phrases with their place, from 1, as the number of their score."""
    for place, row in enumerate(said.itertuples(), start=1):
        yield Tried(
            row.task,
            row.participant,
            row.text,
            None if pd.isna(row.error_score) else float(row.error_score),
            None if pd.isna(row.worst_group_accuracy) else float(row.worst_group_accuracy),
            n_correct=0 if pd.isna(row.correct_images) else int(row.correct_images),
            n_error=0 if pd.isna(row.wrong_images) else int(row.wrong_images),
            tries=None if pd.isna(row.tries) else int(row.tries),
            phrase=row.phrase,
            score=place,
            key=annotation_key(row.text_digest, row.sign),
            without_run=Basis(row.basis),
        )


def tried_by_person(said: pd.DataFrame) -> dict[tuple[int, str], list[Tried]]:
    """Return the phrases of each task and participant, in their order."""
    every = sorted(tried_of(said), key=lambda each: (each.task, each.participant, each.score))
    return {key: list(rows) for key, rows in groupby(every, lambda each: (each.task, each.participant))}


def reached(
    said: pd.DataFrame,
    people: pd.DataFrame,
    controls: Mapping[int, float | None],
    found: Mapping[int, TaskAccuracies],
    known: Mapping[int, Vocabulary],
    conditions: Mapping[str, str | None],
) -> tuple[PersonTask, ...]:
    """Return what each person reached on each task.

    said: with scores and accuracies, the earliest first; people: with a row for each, by task and participant, and
    `is_at_work`; found: beside which random slices runs are placed; known: what common words reach.
    """
    draws = {}
    for place, (task, run) in enumerate(zip(said.task, said.run, strict=True), start=1):
        of_run = found[task].runs.get(run, {}) if task in found else {}
        if of_run.get("draw_scores") is not None:
            draws[place] = RandomDraws(of_run["draw_scores"], of_run["draws"])
    spent = {}
    if "wall_time" in people:
        for key, *seconds, end in people[[*_TIMES, "task_end"]].itertuples(name=None):
            active, waiting, wall = (None if pd.isna(each) else each for each in seconds)
            spent[key] = Times(active, waiting, wall, "" if pd.isna(end) else end)
    at_work = set(people.index[people.is_at_work])
    return person_tasks(people.index, tried_by_person(said), conditions, spent, controls, at_work, known, draws)


def table_of(people: Iterable[PersonTask]) -> pd.DataFrame:
    """Return people's rows as a table, with the columns of summary.csv by their names there."""
    columns = [field.name for field in fields(PersonTask)]
    rows = []
    for row in people:
        spent = {"active_time": row.times.active, "waiting_time": row.times.waiting, "wall_time": row.times.wall}
        own = {"worst_group_accuracy": row.worst_group_accuracy, "own_gain": row.own_gain, "phrases": row.n_phrases}
        rows.append({**vars(row), **own, **spent, "better_than_guessing": row.better, "task_end": row.times.end})
    table = pd.DataFrame(rows, columns=[*dict.fromkeys([*columns, *MEASURES, *_TIMES, *_WORDS])])
    numbers = [each for each in (*MEASURES, *_TIMES, "null_mean") if each != "better_than_guessing"]
    return table.astype(dict.fromkeys(numbers, float))


def rebuild_people(
    release: Release, report: Report, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]
) -> tuple[tuple[PersonTask, ...], tuple[PersonTask, ...]]:
    """Compare summary.csv and experts.csv; return their rows."""
    theirs = release.csv("summary")
    controls = {task: each.control_worst_group for task, each in found.items()}
    for task, control in theirs.groupby("task").control_worst_group.first().items():
        controls.setdefault(task, None if pd.isna(control) else control)
    known = vocabularies(release)
    conditions = dict(theirs[theirs.condition.notna()][["participant", "condition"]].itertuples(index=False))
    people = reached(said[~said.is_expert], _assigned(release), controls, found, known, conditions)
    _compare(release, report, "summary", table_of(people), theirs, [*MEASURES, *_TIMES, *_WORDS])
    of_experts = said[said.is_expert]
    keys = of_experts[KEY].drop_duplicates().set_index(KEY).assign(is_at_work=False)
    experts = reached(of_experts, keys, controls, found, known, {})
    there = release.csv("experts").rename(columns={"expert": "participant"})
    columns = [each for each in [*MEASURES, "best_phrase"] if each in there]
    _compare(release, report, "experts", table_of(experts), there, columns)
    return people, experts


def _compare(
    release: Release, report: Report, name: str, mine: pd.DataFrame, theirs: pd.DataFrame, columns: list[str]
) -> None:
    """Compare a table of people; what takes a task's arrays only where the release has these."""
    report.compare(name, KEY, mine, theirs, [each for each in columns if each not in _OF_ARRAYS])
    here, there = (rows[rows.task.isin(release.tasks)] for rows in (mine, theirs))
    report.compare(name, KEY, here, there, [each for each in columns if each in _OF_ARRAYS])
    if len(there) < len(theirs):
        report.not_rebuilt(f"{name}: {', '.join(_OF_ARRAYS)} of some tasks", "no arrays of theirs, see README.txt")


def _assigned(release: Release) -> pd.DataFrame:
    """Return everybody who was given a task, with their times there."""
    left_out = release.csv("exclusions")
    left_out = set(left_out.session[left_out.what == "visit"])
    assignments, spans = (release.csv(name) for name in ("assignments", "spans"))
    assignments = assignments[~assignments.session.isin(left_out)]
    visits = release.csv("sessions").set_index("session")
    lasting = visits.index[visits.outcome.isna() & visits.place.fillna("live").eq("live")]
    rows = assignments[KEY].drop_duplicates().set_index(KEY).sort_index()
    at_work = assignments[(assignments.state != "ended") & assignments.session.isin(lasting)].set_index(KEY).index
    rows["is_at_work"] = rows.index.isin(at_work)
    return rows.join(times(assignments, spans[~spans.session.isin(left_out)]))


def rebuild_table_3(release: Release, report: Report, said: pd.DataFrame) -> None:
    """Compare table_3.csv: of each person the best phrase by accuracy on test, that by error score, and the others."""
    said = said[~said.is_expert]
    parts, taken = [], []
    for name, column in (
        ("Best WGA (per-user)", "worst_group_accuracy"),
        ("Best Error Score (per-user)", "error_score"),
    ):
        there = said[said[column].notna()]
        best = there.loc[there.groupby(KEY)[column].idxmax()]
        taken.append(best.index)
        parts.append(best.assign(list=name))
    others = said[~said.index.isin(taken[0].union(taken[1]))].assign(list="All Others")
    key = ["task", "list", "participant", "text", "turn"]
    mine, theirs = (
        each.assign(turn=each.groupby(["task", "list", "participant", "text"]).cumcount())
        for each in (pd.concat([*parts, others]).sort_index(), release.csv("table_3"))
    )
    report.compare("table_3", key, mine, theirs, ["error_score", "worst_group_accuracy"])


def rebuild_flow(release: Release, report: Report, people: Sequence[PersonTask]) -> None:
    """Compare flow.csv: people by how far they came and why no further, and whose own gain counts."""
    theirs, of_people = release.csv("flow"), release.lowest("courses").itertuples()
    steps = tuple(step for step in Step if step.name.lower() in set(theirs.step))
    courses = tuple(Course(row.participant, Step[row.step.upper()], row.reason or "") for row in of_people)
    tasks = theirs.task.dropna().astype(int).unique().tolist()
    mine = as_table(FLOW, flow_lines(Courses(steps, courses), people, tasks))
    mine, theirs = (
        each.assign(task=each.task.fillna(0).astype(int), reason=each.reason.fillna("")) for each in (mine, theirs)
    )
    report.compare("flow", ["task", "step", "reason"], mine, theirs, ["people", "of"])
