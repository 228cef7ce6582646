"""A study as it is now, analysed: its rows are read once, and every table is made of them."""

from dataclasses import replace
from functools import cached_property

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.concepts.concept_tables import concept_tables_of
from annotations.analysis.observations.task_concepts import Concepts, concepts_of
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.study_tables import tables_of
from annotations.models import Study
from annotations.results.beside_keywords import keyword_gains
from annotations.results.stored_images import StoredStudy
from annotations.results.stored_rows import read_rows


class Analysed:
    """The rows of a study, and what is made of them when it is asked for."""

    def __init__(self, study: Study) -> None:
        self.images = StoredStudy(study)
        rows = read_rows(study)
        with_keywords = [task.position for task in rows.tasks if task.keywords]
        tasks = study.tasks.with_base_models().filter(position__in=with_keywords).order_by("position")
        # Each takes the interval of two models, which would be too much for a page: a worker makes the analysis.
        self.rows = replace(rows, keyword_gains=keyword_gains(rows.tried.best_scores(), tasks))

    @cached_property
    def concept(self) -> Concepts:
        return concepts_of(self.rows, self.images.merged)

    @cached_property
    def tables(self) -> StudyTables:
        return tables_of(self.rows, self.concept, self.images.look)

    @cached_property
    def concepts(self) -> ConceptTables:
        return concept_tables_of(self.rows, self.concept, self.images.images)
