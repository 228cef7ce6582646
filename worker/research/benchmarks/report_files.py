"""The files of a benchmark: a page to read, the record of everything, and the predictions."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from django.template.loader import render_to_string

from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.group_resampling import CONFIDENCE, RESAMPLES
from worker.benchmarks.method_inputs import Bench
from worker.benchmarks.outcomes import Figure, Outcome, Row, predictions_digest
from worker.benchmarks.paired_bootstrap import SEED, Comparison, group_intervals
from worker.benchmarks.provenance import machine, page_context, settings_document, versions
from worker.benchmarks.scored_annotations import ScoredAnnotation
from worker.benchmarks.stored_benchmarks import PREDICTIONS, write_predictions
from worker.research.benchmarks.benchmark_report import Report
from worker.research.benchmarks.report_tables import NONE, Table, full_table
from worker.research.benchmarks.setup import Setup

_OF_ANNOTATION = ("target_class", "phrase", "sign", "text_digest", "threshold", "participant")


_OF_SCORE = ("p_value", "p_method", "n_correct", "n_error")


def document(report: Report) -> dict[str, Any]:
    """Everything, JSON-like: data, encoders, settings, annotations, rows and their classifiers."""
    setup, bench, dataset = report.setup, report.setup.bench, report.setup.bench.dataset
    manifest, model = dataset.files.manifest, setup.model
    position = {id(annotation): i for i, annotation in enumerate(setup.annotations)}
    return {
        "command": report.command,
        "encoder": report.encoder,
        "dataset": {
            **dataset.identity,
            "group_counts": manifest.group_counts,
            "encoders": manifest.encoders,
            "arrays": {name: asdict(entry) for name, entry in manifest.arrays.items()},
        },
        "settings": settings_document(bench),
        "shown_model": model
        and {
            "base_model": model.name,
            "l2": model.l2,
            "validation_predictions_sha256": predictions_digest(model.predicted[dataset.files.rows(Split.VALIDATION)]),
        },
        "annotations": [annotation_document(bench, annotation) for annotation in setup.annotations],
        "sources": [
            {
                "name": source.name,
                "sets": {name: [position[id(each)] for each in of_one] for name, of_one in source.sets.items()},
            }
            for source in setup.sources
        ],
        "test_images": {
            "resamples": RESAMPLES,
            "seed": SEED,
            "confidence": CONFIDENCE,
            "train_group_counts": report.images.train_counts.tolist(),
        },
        "rows": [_row_document(row) for row in report.rows],
        "comparisons": [asdict(comparison) for comparison in report.comparisons],
        "versions": versions(),
        "machine": machine(),
    }


def _row_document(row: Row) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("method", "name", "over", "left_out")},
        "missing": [asdict(missing) for missing in row.missing],
        "spread": {figure.value: asdict(row.spread(figure)) for figure in Figure},
        "intervals": {figure.value: asdict(interval) for figure, interval in row.intervals.items()},
        "classifiers": [_classifier_document(outcome) for outcome in row.classifiers],
    }


def _classifier_document(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "metrics": asdict(outcome.metrics),
        "group_intervals": group_intervals(outcome),
        "predictions_sha256": outcome.predictions_sha256,
        "details": outcome.details,
    }


def annotation_document(bench: Bench, annotation: ScoredAnnotation) -> dict[str, Any]:
    """One annotation: its phrase, its score, its τ, and the train images on either side of it."""
    n_above = int(annotation.members(bench.dataset.files, bench.train.rows).sum())
    return {
        "class": bench.dataset.class_names[annotation.target_class],
        "text_template": annotation.template,
        "rendered_text": annotation.text,
        "threshold_was_given": annotation.chosen,
        "error_score": annotation.measured.value,
        "n_above": n_above,
        "n_below": int((bench.train.labels == annotation.target_class).sum()) - n_above,
        **{name: getattr(annotation, name) for name in _OF_ANNOTATION},
        **{name: getattr(annotation.measured, name) for name in _OF_SCORE},
    }


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
