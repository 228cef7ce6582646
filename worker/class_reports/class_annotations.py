"""One annotation for each of some classes: from a CSV file, and the machine's from stored rankings of keywords."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from annotations.models import BaseModel, KeywordRanking
from modeling.arrays.datasets.importing.table_lines import Line, csv_lines
from worker.baselines.scored_annotations import (
    Asked,
    BadAnnotation,
    ScoredAnnotation,
    best_of_each_class,
    read_annotation,
    score_annotation,
)

COLUMNS = ("class", "phrase")
_SIGNS = {"": None, "1": 1, "-1": -1}


def read_annotations(file: Path, base_model: BaseModel, template: str) -> tuple[ScoredAnnotation, ...]:
    """Read annotations from a CSV file with COLUMNS and, if it has them, threshold and sign; score them.

    An empty threshold is the automatic one, an empty sign that of the phrase. Of several lines of a class the one with
    the highest error score counts. Raises BadSource, EncoderUnavailable, BadTemplate.
    """
    return best_of_each_class(_scored(line, base_model, template) for line in csv_lines(file, COLUMNS))


def first_keywords(rankings: Iterable[KeywordRanking]) -> list[ScoredAnnotation]:
    """Return the first keyword by CLIP score of each ranking, as Bias-to-Text takes it. Raises EncoderUnavailable."""
    found = []
    for ranking in rankings:
        first = min(ranking.rows, key=lambda row: row["clip_rank"])
        asked = Asked(ranking.target_class, first["keyword"], first["threshold"], first["sign"])
        found.append(score_annotation(ranking.base_model, asked, ranking.text_template))
    return found


def newest_rankings(base_model: BaseModel, classes: Iterable[int]) -> list[KeywordRanking]:
    """Return the newest ranking of each class that has one, in the order of labels."""
    rankings = KeywordRanking.objects.filter(base_model=base_model, target_class__in=classes).order_by("created_at")
    by_class = {each.target_class: each for each in rankings.select_related("base_model__dataset")}
    return [by_class[label] for label in sorted(by_class)]


def _scored(line: Line, base_model: BaseModel, template: str) -> ScoredAnnotation:
    cells = {"threshold": "", "sign": "", **line.cells}
    try:
        asked = read_annotation(
            f"{cells['class']}:{cells['phrase']}:{cells['threshold']}", base_model.dataset.class_names
        )
        if asked.threshold is None and cells["threshold"].strip():
            raise line.wrong(f"threshold is {cells['threshold']!r}, not a number")
        sign = line._replace(cells=cells).one_of("sign", _SIGNS)
        return score_annotation(base_model, replace(asked, sign=sign), template)
    except BadAnnotation as error:
        raise line.wrong(str(error)) from error
