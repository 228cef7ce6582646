"""The files of a study: one zip file, from one snapshot of the database, the same bytes for the same snapshot.

The web process writes what needs nothing but the standard library; a worker adds Parquet and figures (`Extras`).
"""

import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.results.stored_rows import read_people
from annotations.exports.rebuild.input_columns import is_input
from annotations.exports.releases.archive import Archive
from annotations.exports.releases.datapackage import (
    CITATION,
    DATAPACKAGE,
    Deposit,
    citation,
    croissant_text,
    datapackage,
)
from annotations.exports.releases.snapshot import snapshot
from annotations.exports.releases.study_document import NOT_THERE, manifest, readme, study_document
from annotations.exports.tables.table_rows import Source, phrase_rows, sources
from annotations.models import Moderation, Study
from annotations.readings.releases.moderated_words import HIDDEN
from annotations.tables.columns import Cell, Table, write_cell, write_time
from annotations.tables.data_dictionary import DICTIONARY, describe
from modeling.arrays.common.croissant import CROISSANT
from modeling.arrays.common.progress import Progress, silent

Row = TypeVar("Row")
TOLD_EVERY = 2_000  # rows
ROOT = Path(__file__).parents[3]
_OF_ANALYSIS = ("__init__.py", "concepts/*", "figures/*", "observations/*", "statistics/*", "tables/*")
SOURCES = (  # what rebuild.py runs: its own modules, and those of the analysis, figures and method
    *("annotations/__init__.py", "annotations/exports/__init__.py", "annotations/exports/rebuild/*"),
    *(f"annotations/analysis/{name}" for name in _OF_ANALYSIS),
    *(f"annotations/analysis/retraining/{name}" for name in ("__init__.py", "correction_effects.*")),
    *(f"annotations/readings/{name}.py" for name in ("__init__", "monitoring/__init__", "monitoring/course_steps")),
    *(f"annotations/readings/retraining/{name}.py" for name in ("__init__", "correction_sets")),
    *("annotations/tables/*", "modeling/__init__.py", "modeling/languages.toml", "modeling/arrays/**/*.py"),
    *("worker/__init__.py", "worker/figures/*"),
)
_TEXTS = (".py", ".toml")
NOTHING_SAID = Deposit()
Append = Callable[[Sequence[Cell]], None]
_COMMAND = """\
\"\"\"Rebuild this release: see python rebuild.py --help.\"\"\"

import sys

from annotations.exports.rebuild.command import main
from worker.figures.specifications import drawings

sys.exit(main(drawings))
"""


@dataclass(frozen=True)
class Extras:
    """What a worker adds.

    open_table: opens a file at a path that takes the cells of a table's rows one by one. analyse: what the study's
    results page shows, read in the snapshot.
    """

    suffix: str
    open_table: Callable[[Table[Any], Path], AbstractContextManager[Append]]
    analyse: Callable[[Study], "Analysis"]


@dataclass(frozen=True)
class Analysis:
    """What each person reached, the other tables of the results page, and a function that draws its figures.

    concepts: the number of each phrase's concept, by the phrase's id.
    lowest: the tables that all others are computed from, as Parquet alone; left_out: what they lack, in words.
    lowest_tables: their definitions, once where each task has one.
    """

    people: Sequence[PersonTask]
    tables: Sequence[Source]
    concepts: Mapping[int, int]
    draw: Callable[[Path], object]
    lowest: Sequence[Source] = ()
    lowest_tables: Sequence[Table[Any]] = ()
    left_out: Sequence[str] = ()


def write_study_zip(
    study: Study,
    file: IO[bytes],
    extras: Extras | None = None,
    progress: Progress = silent,
    deposit: Deposit = NOTHING_SAID,
) -> dict[str, Any]:
    """Write the archive into `file`, streaming table by table, and return its manifest.

    Runs in a transaction of its own; figures are drawn after it.
    """
    with tempfile.TemporaryDirectory(prefix="clarify-export-") as folder, Archive(file) as archive:
        with snapshot():
            study = Study.objects.get(pk=study.pk)
            analysis = extras.analyse(study) if extras else None
            people = analysis.people if analysis else read_people(study)
            known = analysis.concepts if analysis else None
            parts = [*sources(study, people, known), *(analysis.tables if analysis else ())]
            lowest_tables, left_out = (analysis.lowest_tables, analysis.left_out) if analysis else ((), ())
            described = [*(part.table for part in parts), *lowest_tables]
            archive.text("README.txt", readme(study, (*described, DICTIONARY), left_out if extras else None))
            archive.csv(DICTIONARY.file, DICTIONARY.lines(describe(described, is_input)))
            _write_files(study, archive, parts, Path(folder), extras, progress)
            if extras and analysis:
                _write_lowest(archive, analysis.lowest, Path(folder), extras, progress)
            document = manifest(study, notes=list(left_out) if extras else [NOT_THERE])
        if analysis is not None:
            for source in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern) if path.suffix in _TEXTS):
                archive.text(source.relative_to(ROOT).as_posix(), source.read_text("utf-8"))
            archive.text("rebuild.py", _COMMAND)
            progress("the figures", len(parts), len(parts))
            _add_figures(archive, Path(folder), analysis.draw)
        if deposit.authors:
            archive.text(CITATION, citation(study, deposit))
        tables = (*(part.table for part in parts), DICTIONARY)
        archive.text(CROISSANT, croissant_text(study, deposit, tables, list(archive.members)))
        archive.text(DATAPACKAGE, datapackage(study, deposit, tables, list(archive.members)))
        document["files"] = [
            {"name": member.name, "bytes": member.size, "sha256": member.sha256, "rows": member.rows}
            for member in archive.members
        ]
        archive.text("manifest.json", _pretty(document))
    return document


def export_name(study: Study) -> str:
    """Return the file name that an export is offered under."""
    return f"clarify-{study.slug}.zip"


def _write_files(
    study: Study,
    archive: Archive,
    parts: Sequence[Source],
    folder: Path,
    extras: Extras | None,
    progress: Progress,
) -> None:
    def told(rows: Iterable[Row], file: str, done: int) -> Iterator[Row]:
        """Tell of a file again and again while its rows pass: one may take minutes."""
        for n, row in enumerate(rows):
            if n % TOLD_EVERY == 0:
                progress(file, done, len(parts) + 2)
            yield row

    for done, part in enumerate(parts):
        progress(part.table.file, done, len(parts) + 2)
        _write_table(archive, part.table, told(part, part.table.file, done), folder, extras)
    archive.jsonl("phrases.jsonl", told(_raw_phrases(study), "phrases.jsonl", len(parts)))
    archive.lines("events.jsonl", told(_raw_events(study), "events.jsonl", len(parts) + 1))
    archive.text("study.json", _pretty(study_document(study)))


def _write_lowest(archive: Archive, parts: Sequence[Source], folder: Path, extras: Extras, progress: Progress) -> None:
    """Write the lowest tables, which no CSV file could hold: of arrays, one a row."""
    for done, part in enumerate(parts):
        progress(part.table.file, done, len(parts))
        path = folder / "lowest.parquet"
        n_rows = 0
        with extras.open_table(part.table, path) as append:
            for row in part:
                append(part.table.cells(row))
                n_rows += 1
        archive.file(part.table.file, path, n_rows)
        path.unlink()


def _write_table(archive: Archive, table: Table[Any], rows: Iterable[Any], folder: Path, extras: Extras | None) -> None:
    """Write the CSV and its twin in one pass over the rows."""
    twin = folder / f"{table.name}{extras.suffix}" if extras else None
    with ExitStack() as stack:
        append = stack.enter_context(extras.open_table(table, twin)) if extras and twin else None

        def lines() -> Iterator[list[str]]:
            yield table.header
            for row in rows:
                cells = table.cells(row)
                if append is not None:
                    append(cells)
                yield [write_cell(cell) for cell in cells]

        archive.csv(table.file, lines())
    if twin is not None:
        archive.file(twin.name, twin, archive.members[-1].rows)
        twin.unlink()


def _add_figures(archive: Archive, folder: Path, draw: Callable[[Path], object]) -> None:
    figures = folder / "figures"
    figures.mkdir()
    draw(figures)
    for path in sorted(path for path in figures.rglob("*") if path.is_file()):
        archive.file(path.relative_to(folder).as_posix(), path, _rows_of(path) if path.suffix == ".csv" else None)


def _rows_of(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return max(sum(1 for _ in csv.reader(file)) - 1, 0)


def _raw_phrases(study: Study) -> Iterator[dict[str, Any]]:
    visit = "assignment__session__"
    columns = (f"{visit}participant__pseudonym", f"{visit}submission_key", "assignment__task__position", "ordinal")
    told = phrase_rows(study).values_list(*columns, "text", "moderation", "score__value")
    for participant, session, task, ordinal, text, moderation, value in told.iterator():
        yield {
            "participant": participant,
            "session": session,
            "task": task,
            "ordinal": ordinal,
            "text": HIDDEN if moderation == Moderation.HIDDEN else text,
            "error_score": value,
        }


def _raw_events(study: Study) -> Iterator[str]:
    """The log without what is sealed, and without the visits of which nothing is to be used."""
    told = study.events.filter(Q(session=None) | Q(session__in=study.sessions.in_results())).order_by("id")
    # The payload as PostgreSQL writes it: a million of them need not be read and written again.
    as_text = told.annotate(text=Cast("payload", TextField()))
    columns = as_text.values_list("id", "occurred_at", "kind", "session__submission_key", "text")
    for event, occurred_at, kind, session, payload in columns.iterator(1_000):
        head = json.dumps({"event": event, "occurred_at": write_time(occurred_at), "kind": kind, "session": session})
        yield f'{head[:-1]}, "payload": {payload}}}'


def _pretty(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
