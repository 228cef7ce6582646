"""What people and experts reached on each task: summary.csv, experts.csv, table_3.csv and flow.csv."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from .error_scores import Vocabulary, judged, null_level, null_mean, vocabularies
from .recorded_tables import KEY, times
from .release_tables import Release
from .report import Report
from .run_accuracies import TaskAccuracies, among_best

MEASURES = [
    "phrases",
    "tries",
    "best_error_score",
    "null_level",
    "vocabulary_level",
    "better_than_guessing",
    "guess_chance",
    "own_gain",
    "control_worst_group",
    "worst_group_accuracy",
    "worst_group_accuracy_chosen_on_test",
    "random_slice_percentile",
]
_TIMES = ["active_time", "waiting_time", "wall_time"]
_WORDS = ["basis", "task_end", "best_phrase", "phrase_chosen_on_test"]
_OF_ARRAYS = ["vocabulary_level", "better_than_guessing", "guess_chance", "random_slice_percentile"]
WITHOUT_RUN = ["no_phrase", "refused"]
_STEPS = ["entered", "consented", "checked", "allocated", "worked", "finished"]


def with_accuracies(release: Release, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]) -> pd.DataFrame:
    """Return what was said with the accuracy of its run, the release's where that cannot be computed again."""
    there = release.csv("runs").set_index("run").worst_group_accuracy
    again = {run: row["worst_group_accuracy"] for of_task in found.values() for run, row in of_task.runs.items()}
    accuracy = said.run.map(again).fillna(said.run.map(there)) if len(said) else pd.Series(dtype=float)
    return said.assign(worst_group_accuracy=accuracy.astype(float))


def reached(
    said: pd.DataFrame,
    people: pd.DataFrame,
    controls: Mapping[int, float | None],
    found: Mapping[int, TaskAccuracies],
    known: Mapping[int, Vocabulary],
) -> pd.DataFrame:
    """Return what each person reached on each task, by task and participant.

    said: with scores and accuracies, the earliest first; people: with a row for each, and `is_at_work`; found: beside
    which random slices runs are placed; known: what common words reach.
    """
    rows = people.copy()
    if not len(said):
        said = said.assign(error_score=pd.Series(dtype=float))
    scored = said[said.error_score.notna()]
    best = scored.loc[scored.groupby(KEY).error_score.idxmax()].set_index(KEY)  # the first row of a tie: the earliest
    ran = said[said.worst_group_accuracy.notna()]
    chosen = ran.loc[ran.groupby(KEY).worst_group_accuracy.idxmax()].set_index(KEY)
    by_person = said.groupby(KEY)
    rows["phrases"] = by_person.size()
    rows["tries"] = by_person.text.nunique().combine(by_person.tries.max().fillna(0), max)
    rows[["phrases", "tries"]] = rows[["phrases", "tries"]].fillna(0).astype(int)
    rows["best_error_score"], rows["best_phrase"] = best.error_score, best.text
    counts = best[["correct_images", "wrong_images"]].astype(int).join(rows.tries)
    for name, level in (("null_level", null_level), ("null_mean", null_mean)):
        rows[name] = pd.Series({key: level(*map(int, each)) for key, each in zip(
            counts.index, counts.itertuples(index=False), strict=True)}, dtype=float)  # fmt: skip
    judgements = [
        _judged(key, row, known) for key, row in best.join(rows[["tries", "null_level"]], rsuffix="_all").iterrows()
    ]
    for i, name in enumerate(("vocabulary_level", "better_than_guessing", "guess_chance")):
        rows[name] = pd.Series([each[i] for each in judgements], best.index, dtype=object)
    placed = best[best.worst_group_accuracy.notna()].join(rows[["tries"]], rsuffix="_all")
    places = [_percentile(key, row, found) for key, row in placed.iterrows()]
    rows["random_slice_percentile"] = pd.Series(places, placed.index, dtype=object)
    rows["run_worst_group"] = best.worst_group_accuracy
    rows["worst_group_accuracy_chosen_on_test"] = chosen.worst_group_accuracy
    rows["phrase_chosen_on_test"] = chosen.text
    rows["basis"] = _basis(rows, said, best)
    rows["control_worst_group"] = rows.index.get_level_values("task").map(dict(controls)).astype(float)
    is_without = rows.basis.isin(WITHOUT_RUN)  # by intention to treat
    rows["worst_group_accuracy"] = rows.run_worst_group.mask(is_without, rows.control_worst_group)
    rows["own_gain"] = (rows.run_worst_group - rows.control_worst_group).mask(is_without, 0.0)
    return rows


def _judged(key: Any, best: Any, known: Mapping[int, Vocabulary]) -> tuple[float | None, str, float | None]:
    """What one common word reaches, whether the best phrase is better than guessing, and how likely guessing is so."""
    vocabulary = known.get(key[0])
    counts = int(best.correct_images), int(best.wrong_images)
    level = vocabulary.level(best.sign) if vocabulary else None
    better = judged(best.error_score, best.null_level, level, *counts)
    one_word = vocabulary.level(1) if vocabulary else None
    if vocabulary is None or one_word is None or better == "too_few_images":
        return level, better, None
    return level, better, vocabulary.chance(max(best.null_level, one_word), int(best.tries_all))


def _percentile(key: Any, best: Any, found: Mapping[int, TaskAccuracies]) -> float | None:
    run = found[key[0]].runs.get(best.run, {}) if key[0] in found else {}
    if run.get("draw_scores") is None:
        return None
    return among_best(best.worst_group_accuracy, run["draws"], run["draw_scores"], max(int(best.tries_all), 1))


def _basis(rows: pd.DataFrame, said: pd.DataFrame, best: pd.DataFrame) -> pd.Series:
    """What each person's accuracy on a task rests on."""
    found = pd.Series("no_phrase", rows.index).mask(rows.is_at_work, "pending")
    waits = said.assign(waits=said.basis.eq("pending")).groupby(KEY).waits.any()
    found.update(waits.map({True: "pending", False: "failed"}))
    found.update(best.basis.mask(best.worst_group_accuracy.notna(), "run"))
    return found


def rebuild_people(
    release: Release, report: Report, said: pd.DataFrame, found: Mapping[int, TaskAccuracies]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare summary.csv and experts.csv; return their rows."""
    theirs = release.csv("summary")
    controls = {task: each.control_worst_group for task, each in found.items()}
    for task, control in theirs.groupby("task").control_worst_group.first().items():
        controls.setdefault(task, control)
    known = vocabularies(release)
    people = reached(said[~said.is_expert], _assigned(release), controls, found, known)
    condition = theirs.drop_duplicates("participant").set_index("participant").condition
    people["condition"] = people.index.get_level_values("participant").map(condition)
    people = people.reset_index()
    _compare(release, report, "summary", people, theirs, [*MEASURES, *_TIMES, *_WORDS])
    of_experts = said[said.is_expert]
    keys = of_experts[KEY].drop_duplicates().set_index(KEY).sort_index().assign(is_at_work=False)
    experts = reached(of_experts, keys, controls, found, known).reset_index()
    there = release.csv("experts").rename(columns={"expert": "participant"})
    _compare(release, report, "experts", experts, there, [each for each in [*MEASURES, "best_phrase"] if each in there])
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


def rebuild_flow(release: Release, report: Report, people: pd.DataFrame) -> None:
    """Compare flow.csv: people by how far they came and why no further, and whose own gain counts."""
    courses = release.lowest("courses")
    steps = [each for each in _STEPS if each in set(release.csv("flow").step)]
    lines = [("", "entered", "", len(courses), "")]
    place = courses.step.map(_STEPS.index)
    for before, step in pairwise(steps):
        low, high = _STEPS.index(before), _STEPS.index(step)
        lines += _lines(
            "", step, int((place >= high).sum()), Counter(courses.reason[place.between(low, high - 1)]), before
        )
    given = set(people.participant)
    lost = courses[(place >= _STEPS.index("allocated")) & ~courses.participant.isin(given)]
    reasons = Counter("erased" if each == "erased" else "withdrew" for each in lost.reason)
    lines += _counted("", [rows for _, rows in people.groupby("participant")], reasons)
    for task in release.csv("flow").task.dropna().unique().astype(int):
        of_task = people[people.task == task]
        lines.append((task, "allocated", "", len(of_task), ""))
        lines += _counted(task, [of_task.iloc[[i]] for i in range(len(of_task))], Counter())
    key = ["task", "step", "reason"]
    mine = pd.DataFrame(lines, columns=[*key, "people", "of"])
    theirs = release.csv("flow")
    theirs = theirs.assign(
        task=[("" if pd.isna(each) else int(each)) for each in theirs.task], reason=theirs.reason.fillna("")
    )
    mine["reason"] = mine.reason.fillna("")
    report.compare("flow", key, mine, theirs, ["people", "of"])


def _counted(task: Any, of_people: list[pd.DataFrame], lost: Counter[str]) -> list[tuple[Any, ...]]:
    """A person counts with one value of theirs."""
    missing = [min("" if pd.notna(row.own_gain) else _why(row) for row in rows.itertuples()) for rows in of_people]
    counted = [rows for rows, why in zip(of_people, missing, strict=True) if not why]
    without = [
        min("" if row.basis == "run" and pd.notna(row.own_gain) else _why(row) for row in rows.itertuples())
        for rows in counted
    ]
    return [
        *_lines(task, "counted", len(counted), lost + Counter(filter(None, missing)), "allocated"),
        *_lines(task, "with_run", without.count(""), Counter(filter(None, without)), "counted"),
    ]


def _why(row: Any) -> str:
    return "no_control" if row.basis == "run" else str(row.basis)


def _lines(task: Any, step: str, n: int, out: Counter[Any], of: str) -> list[tuple[Any, ...]]:
    return [
        (task, step, "", n, of),
        *((task, step, reason, people, of) for reason, people in sorted(out.items(), key=lambda pair: str(pair[0]))),
    ]
