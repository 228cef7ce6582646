"""What a worker adds to a release: Parquet, the lowest tables, tables of results, concepts and corrections, figures."""

from functools import partial

from annotations.analysis.concepts.concept_tables import concept_tables_of
from annotations.analysis.observations.concept_matching import concepts_of
from annotations.analysis.observations.study_rows import read_rows
from annotations.analysis.retraining.correction_tables import correction_tables
from annotations.analysis.tables.phrase_splits import look
from annotations.analysis.tables.study_columns import COUNTED
from annotations.analysis.tables.study_tables import tables_of
from annotations.exports.releases.study_export import Analysis, Extras
from annotations.exports.tables.table_rows import TABLES, Source
from annotations.models import Study
from worker.figures.figure_data import figure_data_of
from worker.figures.rendering import draw_files
from worker.releases import parquet
from worker.releases.lowest_columns import DEFINITIONS
from worker.releases.lowest_tables import lowest_tables


def _analyse(study: Study) -> Analysis:
    rows = read_rows(study)
    concept = concepts_of(rows)
    tables = tables_of(study.slug, study.title, rows, concept, look)
    concepts, corrections = concept_tables_of(study, rows, concept), correction_tables(study)
    analysed = (*tables.all, *concepts.all, *corrections.all)
    lowest = lowest_tables(study, rows, concept)
    there = {*(table.file for table in TABLES), COUNTED.file}  # counts of what other tables list
    return Analysis(
        tables.people.rows,
        [Source(filled.table, filled.rows) for filled in analysed if filled.table.file not in there],
        concepts.numbers,
        partial(draw_files, figure_data_of(tables, concepts, corrections)),
        lowest.parts,
        DEFINITIONS,
        lowest.notes,
    )


EXTRAS = Extras(parquet.SUFFIX, parquet.open_table, _analyse)
