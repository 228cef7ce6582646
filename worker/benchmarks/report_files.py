"""The files of a benchmark: a page to read, two tables of figures, and the record of everything."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields

from annotations.tables.columns import csv_text
from modeling.arrays.retraining.group_resampling import RESAMPLES
from worker.baselines.outcomes import Figure, Row
from worker.benchmarks.benchmark_machine import machine_in_words
from worker.benchmarks.benchmark_report import Report
from worker.benchmarks.paired_bootstrap import SEED, Comparison, group_intervals
from worker.benchmarks.provenance import annotation_document, document, versions
from worker.benchmarks.report_tables import FULL, LAYOUTS, NONE, Table, escaped
from worker.benchmarks.setup import Setup
from worker.benchmarks.stored_benchmarks import PREDICTIONS, write_predictions

MARKDOWN, JSON, ROWS, CLASSIFIERS = "benchmark.md", "benchmark.json", "rows.csv", "classifiers.csv"
COMPARISONS = "comparisons.csv"

NOTE = (
    "In percent, on test: worst-group accuracy (WG), average accuracy by the groups' shares of train (Avg) and of "
    "test (Plain avg), Gap = Avg - WG; mean ± standard deviation over what the last column says. What is "
    "solved to a certificate is trained on draws of 80% of train, and on all of it beside; published procedures draw "
    "samples and initial weights. That spread says nothing of the test images: the interval beside WG does. It is the "
    "mean's 95% interval for other test images, each group drawn anew and the worst group found again, which lowers "
    "WG a little (benchmark.json has by how much)."
)


COMPARISON_NOTE = (
    "The difference of mean worst-group accuracies on the same test images, each group drawn anew for both rows at "
    f"once ({RESAMPLES:,} times, seed {SEED}). An interval that holds 0 does not tell the two apart. McNemar's exact "
    "test is of all test images, not of the worst group, between the two classifiers of all train images, or of the "
    "first seed."
)


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
    bench, dataset = report.setup.bench, report.setup.bench.data.dataset
    parts = [
        f"# Benchmark of {dataset}",
        f"Encoder of images and texts: {report.encoder}. λ = {bench.l2:g}, scheme `{bench.scheme}`, "
        f"{bench.seeds} seeds.",
        FULL.table(report.rows, report.encoder).markdown(),
        NOTE,
        *map(escaped, notes(report.rows)),
    ]
    if report.comparisons:
        parts += ["## The best row beside the others", comparison_table(report.comparisons).markdown(), COMPARISON_NOTE]
    if report.setup.annotations:
        parts += ["## Annotations", annotation_table(report.setup).markdown()]
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
