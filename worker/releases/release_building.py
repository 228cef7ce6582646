"""Building releases: what an export has, with Parquet and figures, written to a file that is named by its digest."""

from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone

from annotations.base.zip_archive import replacing
from annotations.corrections.correction_tables import correction_tables
from annotations.models import Release, Study
from annotations.pools.gathering_tables import pool_tables
from annotations.queue import jobs
from annotations.releases import release_requests
from annotations.releases.datapackage import deposit_of
from annotations.releases.study_export import Analysis, Extras, write_study_zip
from annotations.releases.tables.table_rows import TABLES, Source
from annotations.results.study_analysis import Analysed
from clarify_errors.arrays.common.digests import file_sha256
from worker.queue.due_jobs import beat_beside_transaction, progress_of, work_on_due
from worker.releases import parquet
from worker.releases.lowest_columns import DEFINITIONS
from worker.releases.lowest_tables import lowest_tables
from worker.results.figures.figure_data import pictured_panels, release_figures
from worker.results.figures.rendering import draw_files


def _analyse(study: Study) -> Analysis:
    of, corrections = Analysed(study), correction_tables(study)
    analysed = (*of.tables.all, *of.concepts.all, *corrections.all, *pool_tables(study))
    lowest, left_out = lowest_tables(study, of)
    figures = list(release_figures(of.tables, of.concepts, corrections.figures))
    there = {table.file for table in TABLES}
    return Analysis(
        of.tables.people.rows,
        [Source(filled.table, filled.rows) for filled in analysed if filled.table.file not in there],
        of.concepts.numbers,
        partial(draw_files, figures, pictured_panels(of.tables)),
        lowest,
        DEFINITIONS,
        left_out,
    )


EXTRAS = Extras(parquet.open_table, _analyse)


def build_due_releases() -> int:
    """Build every release that is due, one after the other; return how many ended. Raises OperationalError."""
    return work_on_due(Release, _build)


def _build(job: Release) -> None:
    try:
        built = _write(job)
    except OSError as error:
        jobs.fail(job, f"The file could not be written: {error.strerror or error}.")
    else:
        release_requests.store(job, **built)


def _write(job: Release) -> dict[str, Any]:
    tell = progress_of(job, beat_beside_transaction)
    target = release_requests.file_of(job)
    target.parent.mkdir(parents=True, exist_ok=True)
    snapshot_at = timezone.now()
    with replacing(target, 0o640) as file:
        manifest = write_study_zip(job.study, file, EXTRAS, tell, deposit_of(job))
    return {
        "file": str(target.relative_to(settings.DATA_ROOT)),
        "digest": file_sha256(target),
        "size": target.stat().st_size,
        "manifest": manifest,
        "snapshot_at": snapshot_at,
    }
