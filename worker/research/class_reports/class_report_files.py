"""The files of a report of classes: a page to read, tables with their dictionary, figures, and the record."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from annotations.analysis.tables.filled_tables import FilledTable
from annotations.base.tables.columns import csv_text
from annotations.base.tables.data_dictionary import DICTIONARY, describe
from clarify_errors.arrays.retraining.group_resampling import RESAMPLES
from worker.benchmarks.outcomes import predictions_digest
from worker.benchmarks.provenance import machine, page_context, versions
from worker.research.benchmarks.report_tables import NONE, Table
from worker.research.class_reports.class_figures import figures
from worker.research.class_reports.class_report import PRESELECTED, ClassReport
from worker.research.class_reports.compared_models import ANNOTATIONS, KEYWORDS
from worker.research.class_reports.split_accuracies import SEED, Interval
from worker.results.figures.rendering import draw_files

MARKDOWN, JSON, PANELS = "report.md", "report.json", "panels.png"
MAX_PRESELECTED = 10  # on the page; the CSV has all
_ANNOTATION = (
    "class",
    "phrase",
    "threshold",
    "sign",
    "error_score",
    "p_value",
    "images_above",
    "images_below",
    "why_not",
)
TEMPLATE = "annotations/files/class_report.md"


def draw(report: ClassReport, folder: Path) -> list[str]:
    """Draw figures and panels of images into a folder that exists; return the names of those that a page shows."""
    drawn = figures(report.means, report.parts)
    draw_files(drawn, report.panels, folder)
    images = [f"{figure.key}.svg" for figure in drawn]
    return [*images, PANELS] if (folder / PANELS).is_file() else images


def report_files(report: ClassReport, command: str, images: Sequence[str]) -> dict[str, bytes]:
    """The files' contents by name; the same report gives the same. images: from `draw`."""
    described = describe([each.table for each in report.tables], lambda *_: False)
    tables = (*report.tables, FilledTable(DICTIONARY, [*described]))
    texts = {
        MARKDOWN: page(report, command, images),
        JSON: json.dumps(record(report, command), indent=2, ensure_ascii=False, sort_keys=True) + "\n",
        **{each.table.file: csv_text(each.table.header, map(each.table.cells, each.rows)) for each in tables},
    }
    return {name: text.encode() for name, text in texts.items()}


def page(report: ClassReport, command: str, images: Sequence[str]) -> str:
    """The report in Markdown."""
    first = [row for row in report.preselected.rows if row.rank <= MAX_PRESELECTED]
    context = {
        "compared": report.compared,
        "solved": report.solved,
        "averages": _means(report, ANNOTATIONS),
        "keywords": _means(report, KEYWORDS) if report.compared.machine else "",
        "annotations": _listed(report.annotated, report.annotated.rows, _ANNOTATION),
        "preselected": _listed(report.preselected, first, PRESELECTED.header) if first else "",
        "images": images,
        "command": command,
        **page_context(SEED),
    }
    return render_to_string(TEMPLATE, context)


def record(report: ClassReport, command: str) -> dict[str, Any]:
    """What is needed to compute it again, JSON-like."""
    compared, base_model = report.compared, report.compared.base_model
    dataset = base_model.dataset
    return {
        "command": command,
        "dataset": dataset.identity,
        "encoders": dataset.files.manifest.encoders,
        "second": report.second and report.second.dataset.identity,
        "base_model": {
            "name": base_model.name,
            "l2": base_model.l2,
            "predictions_sha256": predictions_digest(base_model.predicted),
        },
        "scheme": compared.scheme,
        "min_slice_size": settings.MIN_SLICE_SIZE,
        "solved": report.solved,
        "draws": compared.draws,
        "resamples": {"n": RESAMPLES, "seed": SEED},
        "models": {
            key: {"loss": each.loss, "certified_gap": each.certified_gap, "iterations": each.iterations}
            for key, each in report.heads.items()
        },
        "versions": versions(),
        "machine": machine(),
    }


def _means(report: ClassReport, division: str) -> str:
    heading = ("set", "part", "model", "classes, images", "accuracy", "gain", "own gain", "percentile among random")
    lines = [
        (row.set, row.part, row.model, f"{row.n_classes}, {row.n:,}", _percent(row.accuracy), _percent(row.gain, "+"),
         _percent(row.own_gain, "+"), NONE if row.percentile is None else f"{row.percentile:.0f}")
        for row in report.means.rows
        if row.division == division
    ]  # fmt: skip
    return Table("", heading, tuple(lines)).markdown()


def _listed(filled: FilledTable[Any], rows: Sequence[Any], names: Sequence[str]) -> str:
    """Some columns of a table, its numbers shortened."""
    columns = [column for column in filled.table.columns if column.name in names]
    lines = [tuple(_short(column.read(row)) for column in columns) for row in rows]
    return Table("", tuple(column.name.replace("_", " ") for column in columns), tuple(lines)).markdown()


def _short(cell: Any) -> str:
    if cell is None:
        return NONE
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell)


def _percent(of: Interval, sign: str = "") -> str:
    """A value with its interval. sign: "+" for gains."""
    if of.value is None or of.low is None or of.high is None:
        return NONE
    value, low, high = (f"{100 * number:{sign}.1f}" for number in (of.value, of.low, of.high))
    return f"{value} ({low} to {high})"
