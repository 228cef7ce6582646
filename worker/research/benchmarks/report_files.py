"""The files of a benchmark: a page to read, the record of everything, and the predictions."""

import json
from collections.abc import Iterator, Sequence

from django.template.loader import render_to_string

from worker.benchmarks.outcomes import Row
from worker.benchmarks.paired_bootstrap import SEED, Comparison
from worker.benchmarks.provenance import page_context
from worker.benchmarks.stored_benchmarks import PREDICTIONS, write_predictions
from worker.research.benchmarks.benchmark_document import annotation_document, document
from worker.research.benchmarks.benchmark_report import Report
from worker.research.benchmarks.report_tables import NONE, Table, full_table
from worker.research.benchmarks.setup import Setup

MARKDOWN, JSON = "benchmark.md", "benchmark.json"


def report_files(report: Report) -> dict[str, bytes]:
    """The files' contents by name; the same benchmark gives the same."""
    record = json.dumps(document(report), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    predictions = write_predictions(report.images, report.rows)
    return {MARKDOWN: markdown(report).encode(), JSON: record.encode(), PREDICTIONS: predictions}


def markdown(report: Report) -> str:
    """All rows, the annotations, and how to compute it again."""
    context = {
        "report": report,
        "bench": report.setup.bench,
        "l2": f"{report.setup.bench.l2:g}",
        "table": full_table(report.rows).markdown(),
        "notes": notes(report.rows),
        "comparisons": comparison_table(report.comparisons).markdown() if report.comparisons else "",
        "annotations": annotation_table(report.setup).markdown() if report.setup.annotations else "",
        **page_context(SEED),
    }
    return render_to_string("annotations/files/benchmark.md", context)


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """Which rows, classifiers of them, or annotations of these are missing and why."""
    for row in rows:
        if row.left_out:
            yield f"{row.name}: left out, {row.left_out}."
        for each in row.missing:
            who = f"{each.name} " if each.name else ""
            what = f"{who}without “{each.phrase}” on {each.target_class}" if each.phrase else f"without {each.name}"
            yield f"{row.name}: {what}, {each.reason}."


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
