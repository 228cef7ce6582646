"""The files of a benchmark: a page to read, two tables of figures, and the record of everything."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields

from django.template.loader import render_to_string

from annotations.tables.columns import csv_text
from worker.baselines.outcomes import Figure, Row
from worker.benchmarks.benchmark_report import Report
from worker.benchmarks.paired_bootstrap import SEED, Comparison, group_intervals
from worker.benchmarks.provenance import annotation_document, document, page_context
from worker.benchmarks.report_tables import FULL, LAYOUTS, NONE, Table, escaped
from worker.benchmarks.setup import Setup
from worker.benchmarks.stored_benchmarks import PREDICTIONS, write_predictions

MARKDOWN, JSON, ROWS, CLASSIFIERS = "benchmark.md", "benchmark.json", "rows.csv", "classifiers.csv"
COMPARISONS = "comparisons.csv"


def report_files(report: Report) -> dict[str, bytes]:
    """The files' contents by name; the same benchmark gives the same."""
    texts = {
        MARKDOWN: markdown(report),
        JSON: json.dumps(document(report), indent=2, ensure_ascii=False, sort_keys=True) + "\n",
        ROWS: rows_csv(report.rows),
        CLASSIFIERS: classifiers_csv(report.rows),
        COMPARISONS: comparisons_csv(report.comparisons),
    }
    files = {name: text.encode() for name, text in texts.items()}
    return {**files, PREDICTIONS: write_predictions(report.images, report.rows)}


def markdown(report: Report) -> str:
    """All rows, the annotations, the paper's layouts, and how to compute it again."""
    others = (layout.table(report.rows, report.encoder) for layout in LAYOUTS.values() if layout is not FULL)
    context = {
        "report": report,
        "bench": report.setup.bench,
        "l2": f"{report.setup.bench.l2:g}",
        "table": FULL.table(report.rows, report.encoder).markdown(),
        "note": note(),
        "notes": map(escaped, notes(report.rows)),
        "comparisons": comparison_table(report.comparisons).markdown() if report.comparisons else "",
        "annotations": annotation_table(report.setup).markdown() if report.setup.annotations else "",
        "others": [table for table in others if table.lines],
        **page_context(SEED),
    }
    return render_to_string("annotations/files/benchmark.md", context)


def note() -> str:
    """How the numbers of a benchmark are to be read."""
    return render_to_string("annotations/files/benchmark_note.md")


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
    """One line a row: mean, standard deviation and maximum of each figure, in shares, the point value, the interval."""
    statistics = ("mean", "sd", "max")
    heading = [f"{figure}_{statistic}" for figure in Figure for statistic in statistics]
    heading += [f"{figure}_all_train" for figure in Figure]
    of_interval = ("low", "high", "bias")
    heading += [f"{figure}_{name}" for figure in Figure for name in of_interval]
    lines = []
    for row in rows:
        cells = [getattr(row.spread(figure), statistic) for figure in Figure for statistic in statistics]
        cells += [None if row.point is None else getattr(row.point.metrics, figure) for figure in Figure]
        cells += [getattr(row.intervals.get(figure), name, None) for figure in Figure for name in of_interval]
        lines.append([row.method, row.name, row.over.value, len(row.outcomes), row.left_out, *cells])
    return csv_text(["method", "name", "over", "n", "left_out", *heading], lines)


def classifiers_csv(rows: Sequence[Row]) -> str:
    """One line a classifier: its figures in shares, and the digest of its predictions for the test images."""
    lines = [
        [row.method, row.name, outcome.name, *(getattr(outcome.metrics, figure) for figure in Figure),
         json.dumps(outcome.metrics.accuracies), json.dumps(group_intervals(outcome)), outcome.predictions_sha256]
        for row in rows
        for outcome in row.classifiers
    ]  # fmt: skip
    of_groups = ("group_accuracies", "group_intervals")
    return csv_text(["method", "row", "classifier", *Figure, *of_groups, "predictions_sha256"], lines)


def comparisons_csv(compared: Sequence[Comparison]) -> str:
    """One line a row that the best is compared with."""
    names = [field.name for field in fields(Comparison)]
    return csv_text(names, [[getattr(comparison, name) for name in names] for comparison in compared])


def comparison_table(compared: Sequence[Comparison]) -> Table:
    """The comparisons in percent."""
    heading = (f"{compared[0].best} less …", "WG", "95% interval", "McNemar's p")
    lines = [
        (
            each.name,
            f"{100 * each.difference:.1f}",
            f"{100 * each.low:.1f} to {100 * each.high:.1f}",
            NONE if each.mcnemar_p is None else f"{each.mcnemar_p:.2g}",
        )
        for each in compared
    ]
    return Table("Comparisons", heading, tuple(lines))


def annotation_table(setup: Setup) -> Table:
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
        for number, annotation in enumerate(setup.annotations, 1)
        for of in [annotation_document(setup.bench, annotation)]
    ]
    return Table("Annotations", heading, tuple(lines))
