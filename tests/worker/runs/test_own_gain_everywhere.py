"""From planted data: a slice that ignores the labels has no own gain, the true one has, and every page says so.

Gain over the base model says otherwise: there a meaningless slice gains a lot under some schemes.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from annotations.analysis.figures.chart_values import LineChart
from annotations.analysis.figures.study_figures import figures
from annotations.analysis.observations.person_tasks import Tried
from annotations.models import BaseModel, Dataset, Run, RunState, Score, Study
from annotations.models.arrays import pack_float32
from annotations.releases.tables.table_rows import source_of, sources
from annotations.results.stored_rows import read_people
from annotations.results.study_analysis import Analysed
from annotations.runs.head_files import head_files
from annotations.runs.staff_pages.run_list import comparisons
from annotations.studies import lifecycle
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.slices import SCHEMES
from tests.support.actors import open_study
from tests.support.analysis_studies import analyse, tell
from tests.support.undone import undone
from tests.worker.runs.planted import ABOVE_NOISE, ABOVE_TRUE, NOISE, RARE, TRUE, write_planted
from worker.datasets import base_models
from worker.runs.run_training import train_due_runs

PHRASES = {"the second kind": (TRUE, ABOVE_TRUE), "something else": (NOISE, ABOVE_NOISE)}
MEANINGFUL, MEANINGLESS = PHRASES
A_POINT = 0.01
ONE_LOOK = re.compile(r"[+-]?\d+\.\d")


@pytest.fixture(scope="module")
def base_model(rows_of_the_module: None) -> BaseModel:
    dataset: Dataset = write_planted(Path(settings.DATA_ROOT))
    return base_models.trained(dataset, name="erm", l2=1e-3)[0]


@pytest.fixture(scope="module", params=SCHEMES)
def stored(request: pytest.FixtureRequest, base_model: BaseModel) -> Iterator[dict[str, Study]]:
    """Two studies of two people: in one both said words that say nothing of the labels, in the other the true ones."""
    with undone(), pytest.MonkeyPatch.context() as patched:
        patched.setattr(lifecycle, "blocking", lambda *_study, **_how: [])  # there are no pictures, and no encoder
        told = {text: _study(base_model, text, str(request.param)) for text in PHRASES}
        assert train_due_runs() == 4
        yield {text: analyse(study) for text, study in told.items()}


@pytest.fixture
def studies(db: None, stored: dict[str, Study]) -> dict[str, Study]:
    return {text: Study.objects.get(pk=study.pk) for text, study in stored.items()}


def _study(base_model: BaseModel, text: str, scheme: str) -> Study:
    slug = text.replace(" ", "-")
    tasks = [{"base_model": base_model, "target_class": RARE}]
    draft = lifecycle.create_study(slug=slug, title=slug, completion_code="C0DE5678", tasks=tasks, scheme=scheme)
    study = open_study(draft)
    tell(study, [Tried(1, f"{name}-{slug[:9]}", text, 0.6, 0.5, 400, 100, 1) for name in ("ann", "ben")])
    embedding, threshold = PHRASES[text]
    files = base_model.dataset.files
    shown = files.array("similarity")[files.rows(Split.VALIDATION, RARE)] @ embedding
    of_study = {"phrase__assignment__session__study": study}
    Score.objects.filter(**of_study).update(
        text_embedding=pack_float32(embedding), threshold=threshold, similarities=pack_float32(shown)
    )
    digest = hashlib.sha256(text.encode()).hexdigest()  # what is alike is trained once
    waiting = {
        "annotation_digest": digest,
        "state": RunState.PENDING,
        "threshold": threshold,
        "scheme": scheme,
        "l2": base_model.l2,
    }
    empty = dict.fromkeys(("worst_group_accuracy", "average_accuracy", "head", "test_predictions", "finished_at"))
    Run.objects.filter(assignment__session__study=study).update(**waiting, **empty)
    return study


def of_runs(study: Study, client: Client) -> Iterator[float]:
    yield from (float(row["own_gain"]) for row in _rows(study, "runs"))


def of_summary(study: Study, client: Client) -> Iterator[float]:
    yield from (float(row["own_gain"]) for row in _rows(study, "summary"))


def of_totals(study: Study, client: Client) -> Iterator[float]:
    totals = Analysed(study).tables.totals
    rows = [dict(zip(totals.table.header, totals.table.cells(row), strict=True)) for row in totals.rows]
    yield from (float(str(row["mean"])) for row in rows if row["measure"] == "own_gain")


def of_figure(study: Study, client: Client) -> Iterator[float]:
    """The first figure's data."""
    figure = next(each for each in figures(Analysed(study).tables) if each.key == "own-gain")
    assert isinstance(figure.chart, LineChart)
    (panel,) = figure.chart.panels
    yield from (points / 100 for line in panel.lines for points, *_ in line.dots)


def of_concepts(study: Study, client: Client) -> Iterator[float]:
    (row,) = Analysed(study).concepts.concepts.rows
    assert row.own_gain is not None
    yield row.own_gain


def of_concepts_page(study: Study, client: Client) -> Iterator[float]:
    page = client.get(reverse("admin:annotations_study_concepts", args=[study.pk])).content.decode()
    (cell,) = re.findall(r'<td class="number strong">([+-][\d.]+)</td>', page)
    yield float(cell) / 100


def of_results_page(study: Study, client: Client) -> Iterator[float]:
    page = client.get(reverse("admin:annotations_study_results", args=[study.pk])).content.decode()
    _, told = page.split("words have an own gain of ")
    yield float(ONE_LOOK.match(told).group()) / 100  # type: ignore[union-attr]


def of_overview(study: Study, client: Client) -> Iterator[float]:
    page = client.get(reverse("admin:annotations_study_change", args=[study.pk])).content.decode()
    ((does, told),) = re.findall(r"People’s words (add|cost) ([\d.]+) points", page)
    yield float(told) / (100 if does == "add" else -100)


def of_run_page(study: Study, client: Client) -> Iterator[float]:
    for run in _runs(study):
        _measure, *_accuracies, gained, _over_base = next(comparisons(run))
        yield float(gained) / 100


def of_model_card(study: Study, client: Client) -> Iterator[float]:
    for run in _runs(study):
        written = head_files(run)
        yield json.loads(written["model_card.json"])["gain"]["own_gain"]
        gained = written["MODEL_CARD.md"].decode().split("own gain of **")[1]
        yield float(ONE_LOOK.match(gained).group()) / 100  # type: ignore[union-attr]


WHERE: tuple[Callable[[Study, Client], Iterator[float]], ...] = (
    *(of_runs, of_summary, of_totals, of_figure, of_concepts, of_concepts_page),
    *(of_results_page, of_overview, of_run_page, of_model_card),
)


def test_every_page_and_file_says_that_meaningless_words_add_nothing_and_true_ones_do(
    studies: dict[str, Study], coordinator_client: Client
) -> None:
    for where in WHERE:
        nothing = list(where(studies[MEANINGLESS], coordinator_client))
        something = list(where(studies[MEANINGFUL], coordinator_client))
        assert nothing and something, where.__name__
        assert np.abs(nothing).max() <= A_POINT, where.__name__
        assert min(something) > 2 * A_POINT, where.__name__


def test_the_meaningless_slice_has_two_fifths_of_the_class(studies: dict[str, Study]) -> None:
    run = _runs(studies[MEANINGLESS])[0]
    assert run.n_above is not None and run.n_below is not None
    assert run.n_above / (run.n_above + run.n_below) == pytest.approx(0.4, abs=0.02)


def _runs(study: Study) -> list[Run]:
    runs = Run.objects.filter(assignment__session__study=study)
    return list(runs.select_related("base_model__dataset", "control", "assignment__task"))


def _rows(study: Study, name: str) -> list[dict[str, Any]]:
    if name == "runs":
        source = source_of(study, name)
    else:
        source = next(each for each in sources(study, read_people(study)) if each.table.name == name)
    return [dict(zip(source.table.header, source.table.cells(row), strict=True)) for row in source]
