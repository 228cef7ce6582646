"""What the best concepts of a task explain together: concepts_together.csv."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from annotations.analysis.concepts.concept_columns import TOGETHER, TogetherRow
from annotations.analysis.concepts.rows_of_concepts import named, together_rows
from annotations.exports.rebuild.concept_rows import Concepts
from annotations.exports.rebuild.release_tables import Release
from annotations.exports.rebuild.report import Report, as_table
from modeling.arrays.concepts.explained_errors import explain


def rebuild_together(release: Release, report: Report, concepts: Mapping[int, Concepts]) -> pd.DataFrame:
    """Compare concepts_together.csv; return its rows."""
    key = ["task", "concepts"]
    theirs = release.csv("concepts_together")
    theirs = theirs[theirs.task.isin(concepts)]
    rows = [row for task in theirs.task.unique() for row in _together(release, concepts[task])]
    mine = as_table(TOGETHER, rows)
    report.compare("concepts_together", key, mine, theirs, [each for each in mine if each not in (*key, "class")])
    return mine


def _together(release: Release, of: Concepts) -> Iterator[TogetherRow]:
    places = [i for i, (each, number) in enumerate(of.of.said) if each.value > 0 and number]
    if not places:
        return
    found = explain(of.signed[places], [of.of.said[i][1] for i in places], of.wrong)
    random = release.lowest("random_directions", of.task).set_index("concepts")["values"]
    draws = [np.asarray(random[number]) for number in range(1, len(found.chosen) + 1)]
    yield from together_rows(of.task, "", named(of.of), found, draws)
