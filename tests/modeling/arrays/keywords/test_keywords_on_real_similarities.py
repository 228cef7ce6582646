"""Keyword rankings of real CLIP similarities, as a public reproduction reports them (../shared/realdata/README.md)."""

import csv
from pathlib import Path

import numpy as np
import pytest

from clarify_errors.arrays.keywords.keyword_ranking import RankedKeyword, rank_keywords

WATERBIRDS = Path(__file__).parents[5] / "shared" / "realdata" / "waterbirds"
LABELS = {"landbird": "0", "waterbird": "1"}

pytestmark = pytest.mark.skipif(not WATERBIRDS.is_dir(), reason="../shared/realdata is not beside the checkout")


def read(name: str) -> list[dict[str, str]]:
    with (WATERBIRDS / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def ranking(class_name: str) -> dict[str, RankedKeyword]:
    """The keywords of the published table on the class's images; the file holds percents."""
    predictions = read("val_erm_predictions_captions.csv")
    similarities = read(f"val_clip_vitb32_similarity_{class_name}_keywords.csv")
    rows = [i for i, row in enumerate(predictions) if row["actual"] == LABELS[class_name]]
    is_error = np.array([predictions[i]["pred"] != predictions[i]["actual"] for i in rows])
    keywords = [row["Keyword"] for row in read(f"b2t_keyword_table_{class_name}.csv")]
    cosines = np.array([[float(similarities[i][keyword]) / 100 for i in rows] for keyword in keywords])
    captions = [predictions[i]["caption"] for i in rows]
    ranked = rank_keywords(keywords, cosines, is_error, captions, np.random.default_rng(0), permutations=200)
    return {row.keyword: row for row in ranked}


@pytest.mark.parametrize(("class_name", "n_rows"), [("waterbird", 20), ("landbird", 20)])
def test_every_published_row_is_reproduced(class_name: str, n_rows: int) -> None:
    ranked, published = ranking(class_name), read(f"b2t_keyword_table_{class_name}.csv")
    assert len(ranked) == len(published) == n_rows
    for row in published:
        ours = ranked[row["Keyword"]]
        assert ours.clip_score == pytest.approx(float(row["Score"]), abs=0.02), row
        accuracy = 0.0 if ours.subgroup_accuracy is None else ours.subgroup_accuracy
        assert accuracy == pytest.approx(float(row["Acc."]), abs=1e-12), row


def test_the_flaw_of_each_class_is_named_first_and_no_list_of_random_words_reaches_it() -> None:
    for class_name, first in [("waterbird", "bamboo forest"), ("landbird", "beach")]:
        best = next(iter(ranking(class_name).values()))
        assert best.keyword == first
        assert best.adjusted_p == pytest.approx(1 / 201)
        assert best.error_score.p_value < 1e-6
