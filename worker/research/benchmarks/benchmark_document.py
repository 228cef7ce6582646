"""A benchmark's report as a document of plain values."""

from dataclasses import asdict
from typing import Any

from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.group_resampling import CONFIDENCE, RESAMPLES
from worker.benchmarks.method_inputs import Bench
from worker.benchmarks.outcomes import Figure, Outcome, Row, predictions_digest
from worker.benchmarks.paired_bootstrap import SEED, group_intervals
from worker.benchmarks.provenance import machine, settings_document, versions
from worker.benchmarks.scored_annotations import ScoredAnnotation
from worker.research.benchmarks.benchmark_report import Report

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
