"""All that is needed to compute a benchmark again, and to check that the same came out: what the JSON file holds."""

import os
import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import torch

from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.retraining.group_resampling import CONFIDENCE, RESAMPLES
from worker.baselines.method_inputs import HELD_OUT, Bench
from worker.baselines.outcomes import Figure, Outcome, Row, predictions_digest
from worker.baselines.scored_annotations import ScoredAnnotation
from worker.benchmarks.benchmark_report import Report
from worker.benchmarks.paired_bootstrap import SEED, group_intervals
from worker.common import process_cache
from worker.common.library_versions import library_versions, processor

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


def settings_document(bench: Bench) -> dict[str, Any]:
    """What a benchmark is computed with, JSON-like."""
    return {
        "l2": bench.l2,
        "seeds": list(range(bench.seeds)),
        "held_out_share_of_draws": HELD_OUT,
        "scheme": bench.scheme,
        "min_slice_size": bench.min_slice_size,
        "device": bench.device,
        "published": asdict(bench.settings),
        "prompts": bench.templates,
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


def versions() -> dict[str, str]:
    """Of the code, Python and the libraries that the figures depend on."""
    return {**library_versions(), "scikit-learn": version("scikit-learn")}


def machine() -> dict[str, Any]:
    """What the figures' last digits depend on beside versions, JSON-like.

    threads: that torch, which trains, computes in; instructions: the vector instructions that it uses; gpu: its name,
    None where nothing is trained on one.
    """
    return {
        "processor": processor(),
        "architecture": platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if process_cache.device() == "cuda" else None,
    }


def machine_in_words() -> str:
    """The machine for a page."""
    on = machine()
    chip = f"{on['processor']} ({on['architecture']}, {on['instructions']})"
    words = f"{chip}, cores: {on['cores']}, threads: {on['threads']}"
    return f"{words}, {on['gpu']}" if on["gpu"] else words


def page_context(seed: int) -> dict[str, Any]:
    """What the page of a report says of how it was computed. seed: of the resamples."""
    return {
        "resamples": f"{RESAMPLES:,}",
        "seed": seed,
        "versions": ", ".join(f"{name} {number}" for name, number in sorted(versions().items())),
        "machine": machine_in_words(),
    }
