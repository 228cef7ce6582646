"""The files of a study: one zip file, from one snapshot of the database, the same bytes for the same snapshot.

Beside the tables: README.txt, study.json, which the tables stand on, and manifest.json, its state.

The web process writes what needs nothing but the standard library; a worker adds Parquet and figures (`Extras`).
"""

import json
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, TypeVar

from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.template.loader import render_to_string

import clarify_errors
from annotations.analysis.observations.person_tasks import PersonTask
from annotations.base.snapshot import snapshot
from annotations.base.tables.columns import Cell, Table, write_cell, write_time
from annotations.base.tables.data_dictionary import DICTIONARY, describe
from annotations.base.version import CODE_VERSION
from annotations.base.zip_archive import Archive
from annotations.log.events import ROWS
from annotations.models import BaseModelOrigin, Moderation, Study, event_kinds
from annotations.models.moderated_words import HIDDEN
from annotations.releases.datapackage import CITATION, DATAPACKAGE, Deposit, citation, croissant_text, datapackage
from annotations.releases.rebuild.input_columns import is_input
from annotations.releases.tables.table_rows import Source, phrase_rows, sources
from annotations.results.stored_rows import primary_measures, read_people
from clarify_errors.arrays.common.croissant import CROISSANT
from clarify_errors.arrays.common.progress import Progress, silent


def readme(study: Study, tables: Iterable[Table[Any]], left_out: Sequence[str] | None = None) -> str:
    """Return the text, with one line per table. left_out: of the lowest tables; None where these are not there."""
    title = f"Clarify: export of the study “{study.title}” ({study.slug})"
    context = {
        "study": study,
        "title": title,
        "underline": "=" * len(title),
        "tables": list(tables),
        "is_whole": left_out is not None,
        "left_out": left_out,
    }
    return render_to_string("annotations/files/release_readme.txt", context)


FORMAT = "clarify study export 1"


def study_document(study: Study) -> dict[str, Any]:
    """Return the JSON document of a study: its life, its frozen configurations, its tasks, how to recompute.

    Completion codes and the outside id of the study are left out.
    """
    return {
        "format": FORMAT,
        "code_version": CODE_VERSION,
        "slug": study.slug,
        "title": study.title,
        "state": study.state,
        "created_at": write_time(study.created_at),
        "opened_at": write_time(study.opened_at) if study.opened_at else None,
        "closed_at": write_time(study.closed_at) if study.closed_at else None,
        "audience": study.audience,
        "conditions": list(study.conditions.values_list("name", flat=True)),
        "primary_measures": list(primary_measures(study)),
        "new_concept_chance": study.new_concept_chance,
        "scheme": study.scheme,
        "phrase_language": study.phrase_language,
        "configurations": [
            {
                "version": configuration.version,
                "digest": configuration.digest,
                "created_at": write_time(configuration.created_at),
                "data": configuration.data,
            }
            for configuration in study.configurations.all()
        ],
        "tasks": [
            {
                "task": task.position,
                "class": task.class_name,
                "target_class": task.target_class,
                "text_template": task.text_template,
                "dataset": task.base_model.dataset.name,
                "base_model": task.base_model.name,
                "is_imported": task.base_model.origin == BaseModelOrigin.IMPORTED,
                "base_model_test_metrics": task.base_model.test_metrics,
                "groups": task.base_model.dataset.group_names,
                "groups_have_names": bool(task.base_model.dataset.attribute_names),
            }
            for task in study.tasks.with_base_models()
        ],
        "how_to_recompute": json.loads(render_to_string("annotations/files/how_to_recompute.json")),
    }


RELEASE_FORMAT = "clarify study release 1"
NOT_THERE = (
    "Parquet files and figures are not here: a worker makes them when a release is requested. "
    "The CSV files are complete."
)


def manifest(study: Study, notes: list[str]) -> dict[str, Any]:
    """Return the document without its files. Nothing in it depends on when or for whom the archive was made."""
    last = study.events.order_by("-pk").first()
    return {
        "format": RELEASE_FORMAT,
        "study": study.slug,
        "state": study.state,
        "last_event": last.pk if last else None,
        "last_event_at": write_time(last.occurred_at) if last else None,
        "code_version": CODE_VERSION,
        "configurations": [
            {"version": configuration.version, "digest": configuration.digest}
            for configuration in study.configurations.order_by("version")
        ],
        "data_sets": sorted(
            {f"{task.base_model.dataset} {task.base_model.dataset.digest}" for task in study.tasks.with_base_models()}
        ),
        "notes": notes,
    }


_OF_CORRECTIONS = (event_kinds.CORRECTION_TRAINED, event_kinds.CORRECTION_REVIEWED, event_kinds.CORRECTION_UNDONE)
Row = TypeVar("Row")
TOLD_EVERY = 2_000  # rows
ROOT = Path(__file__).parents[2]
METHOD = Path(clarify_errors.__file__).parents[1]  # where the library lies, which is installed apart
_OF_ANALYSIS = ("__init__.py", "concepts/*", "figures/*", "observations/*", "statistics/*", "tables/*")
SOURCES = (  # what rebuild.py runs: its own modules, and those of the analysis and figures
    *(f"annotations/{name}__init__.py" for name in ("", "base/", "corrections/", "releases/")),
    *("annotations/base/word_files.py", "annotations/base/tables/*", "annotations/releases/rebuild/*"),
    *(f"annotations/analysis/{name}" for name in _OF_ANALYSIS),
    "annotations/corrections/correction_effects.*",
    *("worker/__init__.py", "worker/results/__init__.py", "worker/results/figures/*"),
)
_OF_METHOD = ("clarify_errors/__init__.py", "clarify_errors/languages.toml", "clarify_errors/arrays/**/*.py")
_TEXTS = (".py", ".toml")
NOTHING_SAID = Deposit()
Cells = Sequence[Cell]
Append = Callable[[Cells], None]
_COMMAND = """\
\"\"\"Rebuild this release: see python rebuild.py --help.\"\"\"

import sys

from annotations.releases.rebuild.command import main
from worker.results.figures.specifications import drawings

sys.exit(main(drawings))
"""


@dataclass(frozen=True)
class Analysis:
    """What each person reached and, in a release, the other tables of the results page and what draws its figures.

    concepts: the number of each phrase's concept, by the phrase's id.
    lowest: the tables that all others are computed from, as Parquet alone; left_out: what they lack, in words, and None
    where there are none. lowest_tables: their definitions, once where each task has one.
    """

    people: Sequence[PersonTask]
    tables: Sequence[Source] = ()
    concepts: Mapping[int, int] | None = None
    draw: Callable[[Path], object] | None = None
    lowest: Sequence[Source] = ()
    lowest_tables: Sequence[Table[Any]] = ()
    left_out: Sequence[str] | None = None


@dataclass(frozen=True)
class Extras:
    """What a worker adds.

    open_table: opens a Parquet file at a path that takes the cells of a table's rows one by one. analyse: what the
    study's results page shows, read in the snapshot.
    """

    open_table: Callable[[Table[Any], Path], AbstractContextManager[Append]]
    analyse: Callable[[Study], Analysis]


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
        files = _Files(archive, Path(folder), extras, progress)
        with snapshot():
            study = Study.objects.get(pk=study.pk)
            analysis = extras.analyse(study) if extras else Analysis(read_people(study))
            parts = [*sources(study, analysis.people, analysis.concepts), *analysis.tables]
            described = [*(part.table for part in parts), *analysis.lowest_tables]
            archive.text("README.txt", readme(study, (*described, DICTIONARY), analysis.left_out))
            archive.csv(DICTIONARY.file, DICTIONARY.lines(describe(described, is_input)))
            for done, part in enumerate(parts):
                files.add(part, done, len(parts) + 2)
            raw = (("phrases.jsonl", _raw_phrases(study)), ("events.jsonl", _raw_events(study)))
            for done, (name, lines) in enumerate(raw, start=len(parts)):
                archive.lines(name, files.told(lines, name, done, len(parts) + 2))
            archive.text("study.json", _pretty(study_document(study)))
            for done, part in enumerate(analysis.lowest):
                files.add_parquet(part, done, len(analysis.lowest))
            document = manifest(study, [NOT_THERE] if analysis.left_out is None else list(analysis.left_out))
        if analysis.draw is not None:
            for name, source in sorted(_sources()):
                archive.text(name, source.read_text("utf-8"))
            archive.text("rebuild.py", _COMMAND)
            progress("the figures", len(parts), len(parts))
            files.add_figures(analysis.draw)
        if deposit.authors:
            archive.text(CITATION, citation(study, deposit))
        tables = (*(part.table for part in parts), DICTIONARY)
        archive.text(CROISSANT, croissant_text(study, deposit, tables, list(archive.members)))
        archive.text(DATAPACKAGE, datapackage(study, deposit, tables, list(archive.members)))
        document["files"] = list(map(asdict, archive.members))
        archive.text("manifest.json", _pretty(document))
    return document


def _sources() -> Iterator[tuple[str, Path]]:
    """Yield what rebuild.py runs: the name in the release, and the file. The library may lie apart from the rest."""
    for root, patterns in ((ROOT, SOURCES), (METHOD, _OF_METHOD)):
        for path in (path for pattern in patterns for path in root.glob(pattern) if path.suffix in _TEXTS):
            yield path.relative_to(root).as_posix(), path


def export_name(study: Study) -> str:
    """Return the file name that an export is offered under."""
    return f"clarify-{study.slug}.zip"


@dataclass(frozen=True)
class _Files:
    """Adds tables and figures to an archive, and tells of each."""

    archive: Archive
    folder: Path
    extras: Extras | None
    progress: Progress

    def told(self, rows: Iterable[Row], file: str, done: int, total: int) -> Iterator[Row]:
        """Tell of a file again and again while its rows pass: one may take minutes."""
        self.progress(file, done, total)
        for n, row in enumerate(rows, start=1):
            if n % TOLD_EVERY == 0:
                self.progress(file, done, total)
            yield row

    def add(self, part: Source, done: int, total: int) -> None:
        """Add a table as CSV and, in a release, its twin in one pass over the rows."""
        cells = map(part.table.cells, self.told(part, part.table.file, done, total))
        with self._parquet(part.table, f"{part.table.name}.parquet") as passed:
            written = ([write_cell(cell) for cell in row] for row in passed(cells))
            self.archive.csv(part.table.file, chain([part.table.header], written))

    def add_parquet(self, part: Source, done: int, total: int) -> None:
        """Add a table that no CSV file could hold: of arrays, one a row."""
        with self._parquet(part.table, part.table.file) as passed:
            deque(passed(map(part.table.cells, self.told(part, part.table.file, done, total))), maxlen=0)

    @contextmanager
    def _parquet(self, table: Table[Any], name: str) -> Iterator[Callable[[Iterable[Cells]], Iterable[Cells]]]:
        """Give what rows pass on their way, and add them as a Parquet file in the end; an export has none."""
        if self.extras is None:
            yield iter
            return
        path, n_rows = self.folder / "table.parquet", 0
        with self.extras.open_table(table, path) as append:

            def passed(rows: Iterable[Cells]) -> Iterator[Cells]:
                nonlocal n_rows
                for row in rows:
                    append(row)
                    n_rows += 1
                    yield row

            yield passed
        self.archive.file(name, path, n_rows)
        path.unlink()

    def add_figures(self, draw: Callable[[Path], object]) -> None:
        figures = self.folder / "figures"
        figures.mkdir()
        draw(figures)
        for path in sorted(figures.iterdir()):
            self.archive.file(path.relative_to(self.folder).as_posix(), path)


def _raw_phrases(study: Study) -> Iterator[str]:
    visit = "assignment__session__"
    columns = (f"{visit}participant__pseudonym", f"{visit}submission_key", "assignment__task__position", "ordinal")
    told = phrase_rows(study).values_list(*columns, "text", "moderation", "score__value")
    for participant, session, task, ordinal, text, moderation, value in told.iterator():
        said = {
            "participant": participant,
            "session": session,
            "task": task,
            "ordinal": ordinal,
            "text": HIDDEN if moderation == Moderation.HIDDEN else text,
            "error_score": value,
        }
        yield json.dumps(said, ensure_ascii=False, sort_keys=True)


def _raw_events(study: Study) -> Iterator[str]:
    """The log without what is sealed, and without visits and corrections of which nothing is to be used."""
    told = study.events.filter(Q(session=None) | Q(session__in=study.sessions.in_results())).order_by("id")
    uncounted = study.corrections.exclude(pk__in=study.corrections.counted()).values_list("public_id", flat=True)
    names = [str(each) for each in uncounted]
    told = told.exclude(kind__in=_OF_CORRECTIONS, **{f"payload__{ROWS}__correction__has_any_keys": names})
    # The payload as PostgreSQL writes it: a million of them need not be read and written again.
    as_text = told.annotate(text=Cast("payload", TextField()))
    columns = as_text.values_list("id", "occurred_at", "kind", "session__submission_key", "text")
    for event, occurred_at, kind, session, payload in columns.iterator(1_000):
        head = json.dumps({"event": event, "occurred_at": write_time(occurred_at), "kind": kind, "session": session})
        yield f'{head[:-1]}, "payload": {payload}}}'


def _pretty(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
