"""The files of a benchmark: a page to read, two tables of figures, and the record of everything."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from annotations.tables.columns import write_cell
from worker.baselines.outcomes import Figure, Row
from worker.benchmarks.benchmark_machine import machine_in_words
from worker.benchmarks.benchmark_report import Report
from worker.benchmarks.provenance import annotation_document, document, versions
from worker.benchmarks.report_tables import FULL, LAYOUTS, NONE, Table, escaped

MARKDOWN, JSON, ROWS, CLASSIFIERS = "benchmark.md", "benchmark.json", "rows.csv", "classifiers.csv"

NOTE = (
    "In percent, on test: worst-group accuracy (WG), average accuracy by the groups' shares of train (Avg) and of "
    "test (Plain avg), Gap = Avg - WG; mean ± standard deviation over what the last column says. What is "
    "solved to a certificate is trained on draws of 80% of train, and on all of it beside; published procedures draw "
    "samples and initial weights."
)


def report_files(report: Report) -> dict[str, str]:
    """The files' texts by name; the same benchmark gives the same."""
    return {
        MARKDOWN: markdown(report),
        JSON: json.dumps(document(report), indent=2, ensure_ascii=False, sort_keys=True) + "\n",
        ROWS: rows_csv(report.rows),
        CLASSIFIERS: classifiers_csv(report.rows),
    }


def markdown(report: Report) -> str:
    """All rows, the annotations, the paper's layouts, and how to compute it again."""
    dataset, bench = report.bench.data.dataset, report.bench
    parts = [
        f"# Benchmark of {dataset}",
        f"Encoder of images and texts: {report.encoder}. λ = {bench.l2:g}, scheme `{bench.scheme}`, "
        f"{bench.seeds} seeds.",
        FULL.table(report.rows, report.encoder).markdown(),
        NOTE,
        *map(escaped, notes(report.rows)),
    ]
    if report.annotations:
        parts += ["## Annotations", annotation_table(report).markdown()]
    for layout in LAYOUTS.values():
        table = layout.table(report.rows, report.encoder)
        if layout is not FULL and table.lines:
            parts += [f"## {layout.title}", table.markdown()]
    made_with = ", ".join(f"{name} {number}" for name, number in sorted(versions().items()))
    made_on = f"{made_with}; {escaped(machine_in_words())}. Everything else is in `{JSON}`."
    parts += ["## The same again", f"```\n{report.command}\n```", made_on]
    return "\n\n".join(parts) + "\n"


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """Which rows, classifiers of them, or annotations of these are missing and why."""
    for row in rows:
        if row.left_out:
            yield f"{row.name}: left out, {row.left_out}."
        for refused in row.refused:
            yield f"{row.name}: without {refused.name}, {refused.reason}."
        for unused in row.unused:
            who = f"{unused.name} " if unused.name else ""
            yield f"{row.name}: {who}without “{unused.phrase}” on {unused.target_class}, {unused.reason}."


def rows_csv(rows: Sequence[Row]) -> str:
    """One line a row: mean, standard deviation and maximum of each figure, in shares, and the point value."""
    statistics = ("mean", "sd", "max")
    heading = [f"{figure}_{statistic}" for figure in Figure for statistic in statistics]
    heading += [f"{figure}_all_train" for figure in Figure]
    lines = []
    for row in rows:
        cells = [getattr(row.spread(figure), statistic) for figure in Figure for statistic in statistics]
        cells += [None if row.point is None else getattr(row.point.metrics, figure) for figure in Figure]
        lines.append([row.method, row.name, row.over.value, len(row.outcomes), row.left_out, *cells])
    return _csv(["method", "name", "over", "n", "left_out", *heading], lines)


def classifiers_csv(rows: Sequence[Row]) -> str:
    """One line a classifier: its figures in shares, and the digest of its predictions for the test images."""
    lines = [
        [row.method, row.name, outcome.name, *(getattr(outcome.metrics, figure) for figure in Figure),
         json.dumps(outcome.metrics.accuracies), outcome.predictions_sha256]
        for row in rows
        for outcome in row.classifiers
    ]  # fmt: skip
    return _csv(["method", "row", "classifier", *Figure, "group_accuracies", "predictions_sha256"], lines)


def annotation_table(report: Report) -> Table:
    """The annotations by number."""
    heading = ("", "class", "phrase", "error score", "p", "τ", "train images above, not above", "participant")
    lines = [
        (
            f"#{number}",
            of["class"],
            of["phrase"],
            f"{of['error_score']:.3f}",
            f"{of['p_value']:.2g}",
            NONE if of["threshold"] is None else f"{of['threshold']:.6f}{' (given)' * of['threshold_was_given']}",
            f"{of['n_above']}, {of['n_below']}",
            of["participant"],
        )
        for number, annotation in enumerate(report.annotations, 1)
        for of in [annotation_document(report.bench, annotation)]
    ]
    return Table("Annotations", heading, tuple(lines))


def _csv(heading: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([write_cell(cell) for cell in line] for line in lines)
    return text.getvalue()
