"""What more people bring: the curves of saturation.csv, and the chance of something new of new_concepts.csv."""

from collections.abc import Hashable, Mapping, Sequence

import pandas as pd

from annotations.analysis.observations.person_tasks import PersonTask, Tried
from annotations.analysis.statistics.estimate_types import SEED
from annotations.analysis.tables.saturation_columns import NOVELTY, SATURATION
from annotations.analysis.tables.saturation_tables import FEWEST, over_people
from annotations.exports.rebuild.concept_rows import Concepts
from annotations.exports.rebuild.error_scores import vocabularies
from annotations.exports.rebuild.people_tables import tried_by_person
from annotations.exports.rebuild.release_tables import Release
from annotations.exports.rebuild.report import Report, as_table, with_rooms

_MORE = ["more_people", "more_low", "more_high"]


def rebuild_curves(
    release: Release,
    report: Report,
    said: pd.DataFrame,
    people: Sequence[PersonTask],
    concepts: Mapping[int, Concepts],
) -> pd.DataFrame:
    """Compare saturation.csv and new_concepts.csv; return the rows of the former."""
    known, groups = vocabularies(release), {task: of.groups for task, of in concepts.items()}
    there, novelty = release.csv("saturation"), release.csv("new_concepts")
    there = there[(there.measure == "best_score") | there.task.isin(concepts)]
    novelty = novelty[novelty.task.isin(concepts)].copy()
    below = float(novelty.enough_below.iloc[0]) if len(novelty) else 1.0
    tried = tried_by_person(said[~said.is_expert])

    def concept(each: Tried) -> Hashable:
        return groups[each.task].get(each.phrase) if each.task in groups else None

    def of_draws(draws: int) -> list[pd.DataFrame]:
        tasks = {task: known.get(task) for task in sorted({*there.task, *novelty.task})}
        return list(over_people(tasks, people, tried, concept, below, SEED + draws))

    curves = with_rooms(lambda draws: as_table(SATURATION, of_draws(draws)[0]), "low", "high")
    curves = curves[(curves.measure == "best_score") | curves.task.isin(concepts)]
    report.compare("saturation", ["task", "measure", "people"], curves, there, ["mean", "low", "high", "is_beyond"])
    mine = with_rooms(lambda draws: as_table(NOVELTY, of_draws(draws)[1]), *_MORE)
    mine = mine[mine.task.isin(concepts)]
    for table in (mine, novelty):  # an empty cell says: more than people
        table[_MORE] = table[_MORE].astype(float).apply(lambda ends, of=table: ends.fillna(of.people + 1))
        table.loc[table.people < FEWEST, _MORE] = None
    columns = [each for each in NOVELTY.header if each not in ("task", "enough_below")]
    report.compare("new_concepts", ["task"], mine, novelty, columns)
    return curves[~curves.is_beyond.astype(bool)]  # as figures draw them
