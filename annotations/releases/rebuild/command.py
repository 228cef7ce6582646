"""Compute a release again from its lowest tables, compare, and draw its figures.

    python rebuild.py [--release FOLDER] [--output FOLDER]

Needs numpy, pandas, pyarrow, SciPy, altair and vl-convert-python; pandas 3.1 or newer, which reads every number back
exactly. It reads from lowest/ and from what was recorded what the study's analysis stands on, computes every table by
the functions of Clarify that lie beside it, and compares each: to 1e-9, and what is resampled to three Monte-Carlo
errors. What it cannot compute for lack of room in lowest/ it says by name; all else that it does not compute is an
input, and the data dictionary says so. Every figure is drawn of the tables computed here. The exit status is 1 where
something differs.
"""

import argparse
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.concepts.concept_tables import concept_tables_of
from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.observations.task_concepts import concepts_of
from annotations.analysis.statistics.estimate_types import SEED
from annotations.analysis.tables.filled_tables import FilledTable, StudyTables
from annotations.analysis.tables.study_tables import tables_of
from annotations.releases.rebuild.error_scores import compare_guessing, rebuild_scores
from annotations.releases.rebuild.input_columns import INPUTS, OF_ARRAYS, is_input, takes_arrays
from annotations.releases.rebuild.observed import study_rows
from annotations.releases.rebuild.recorded_tables import rebuild_corrections, rebuild_recorded
from annotations.releases.rebuild.release_tables import Release, Report, as_table, with_rooms
from annotations.releases.rebuild.released_images import ReleasedStudy
from annotations.releases.rebuild.run_accuracies import rebuild_accuracies

OTHER_DRAWS = 8
Draw = Callable[[StudyTables, ConceptTables, Sequence[Figure]], Mapping[str, bytes]]  # PNG, by the figures' names


def rebuild(release: Release, output: Path, draw: Draw | None = None) -> Report:
    """Compute everything, write what people reached to `output`, and return what was found. draw: None draws none."""
    report = Report()
    rebuild_recorded(release, report)
    said, found = rebuild_scores(release, report), rebuild_accuracies(release, report)
    rows, images = study_rows(release, said, found), ReleasedStudy(release, said, found)
    compare_guessing(release, report, rows)
    concept = concepts_of(rows, images.merged)
    draws = [tables_of(rows, concept, images.look, SEED + other) for other in range(1 + OTHER_DRAWS)]
    whole = replace(rows, tasks=tuple(task for task in rows.tasks if task.position in images.whole))
    concepts = concept_tables_of(whole, concept, images.images)
    for of_draws in zip(*(tables.all for tables in draws), strict=True):
        _compare(release, report, of_draws, images.whole)
    for filled in concepts.all:
        _compare(release, report, [filled], images.whole)
    _compare_numbers(release, report, concepts.numbers, images.whole)
    figures = list(rebuild_corrections(release, report, said))
    report.not_rebuilt("panels: the pictures", "no image is in the release; the data set has them by image_key")
    if len(whole.tasks) < len(rows.tasks):
        _say_what_is_left(report, [task.position for task in rows.tasks if task.position not in images.whole])
    elif draw is not None:
        for name, png in draw(draws[0], concepts, figures).items():
            (output / f"rebuilt_{name}.png").write_bytes(png)
    _look_for_more(release, report)
    as_table(draws[0].people.table, draws[0].people.rows).to_csv(output / "rebuilt_summary.csv", index=False)
    return report


def _compare(release: Release, report: Report, draws: Sequence[FilledTable[Any]], whole: Collection[int]) -> None:
    """Compare a table in its order; what takes a task's arrays only where the release has them all."""
    table = draws[0].table
    mine, theirs = with_rooms(table, [filled.rows for filled in draws]), release.csv(table.name)
    columns = [name for name in table.header if name not in INPUTS.get(table.name, ())]
    of_arrays = [name for name in columns if takes_arrays(table.name, name)]
    if of_arrays != columns:
        report.compare(table.name, (), mine, theirs, [name for name in columns if name not in of_arrays])
    if of_arrays:
        mine, theirs = (rows[rows.task.isin(whole)] for rows in (mine, theirs))
        report.compare(table.name, (), mine, theirs, of_arrays)


def _compare_numbers(release: Release, report: Report, numbers: Mapping[int, int], whole: Collection[int]) -> None:
    theirs = release.csv("phrases")
    theirs = theirs[theirs.task.isin(whole)]
    mine = theirs[["phrase"]].assign(concept=theirs.phrase.map(pd.Series(numbers, dtype=float)))
    report.compare("phrases", ["phrase"], mine, theirs, ["concept"])


def _say_what_is_left(report: Report, tasks: Sequence[int]) -> None:
    named, why = ", ".join(map(str, tasks)), "not all arrays of theirs are in the release, see README.txt"
    for table, columns in OF_ARRAYS.items():
        of_columns = "" if "*" in columns else f", {', '.join(sorted(columns))}"
        report.not_rebuilt(f"{table}: tasks {named}{of_columns}", why)
    report.not_rebuilt("figures", "they are of all tasks")


def _look_for_more(release: Release, report: Report) -> None:
    """Every column that is no input is to be computed: one that is not is a difference."""
    for name in release.names:
        columns = [each for each in release.csv(name).columns if not is_input(name, each)]
        if more := [each for each in columns if each not in report.columns[name]]:
            report.differences.append(f"{name}: nothing computes {', '.join(more)}")


def main(draw: Draw) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    there = Path(__file__).resolve().parents[3]
    parser.add_argument("--release", type=Path, default=there, help="the unpacked release (default: around this file)")
    parser.add_argument("--output", type=Path, default=Path.cwd(), help="where the results go (default: here)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    report = rebuild(Release(options.release), options.output, draw)
    print(report.text)
    return 1 if report.differences else 0
