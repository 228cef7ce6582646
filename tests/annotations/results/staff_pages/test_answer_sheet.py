"""The first screen of the results: verdicts that hold where nothing is there, and figures that say what they draw."""

import numpy as np
import pytest
from django.test import Client
from scipy import stats

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.models import BaseModel, Control, Run, RunState
from annotations.models.arrays import pack_int32
from annotations.results.staff_pages.answer_sheet import Axis, beyond_chance, chance_of
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing
from tests.annotations.results.staff_pages.test_findings import by_group, said_by, train_control
from tests.support.actors import SQUARE
from tests.support.analysis_studies import analyse, tell, two_tasks
from tests.support.views_pages import tree

YES, NO = BetterThanGuessing.YES, BetterThanGuessing.NO


def people(n_better: int, chances: list[float], *, other: BetterThanGuessing = NO) -> list[PersonTask]:
    return [
        PersonTask(
            f"p{i}", 1, None, 1, 1, 0.5, "red", None, None, None, None, None,
            better=YES if i < n_better else other, guess_chance=chance,
        )
        for i, chance in enumerate(chances)
    ]  # fmt: skip


def test_the_number_who_pass_by_chance_is_binomial_where_all_chances_are_equal() -> None:
    for n in range(11):
        assert chance_of(n, [0.15] * 10) == pytest.approx(stats.binom.sf(n - 1, 10, 0.15))


def test_people_who_type_random_words_are_called_more_than_chance_in_one_study_of_twenty_at_most() -> None:
    rng, chances, n_studies = (
        np.random.default_rng(5),
        [0.05, 0.1, 0.1, 0.2, 0.3, 0.3, 0.4, 0.05, 0.15, 0.1, 0.2, 0.1],
        2_000,
    )
    passed = (rng.random((n_studies, len(chances))) < chances).sum(axis=1)
    false_alarms = sum(beyond_chance(people(int(n), chances)).kind == "good" for n in passed) / n_studies
    assert 0.005 < false_alarms <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_studies)


def test_many_finders_are_more_than_chance_and_few_are_not() -> None:
    assert beyond_chance(people(8, [0.15] * 10)).text == "more than chance: 8 of 10, 1.5 expected"
    assert beyond_chance(people(2, [0.15] * 10)).text == "not more than chance: 2 of 10, 1.5 expected"


def test_with_too_few_images_or_without_scored_common_words_chance_is_not_told() -> None:
    assert beyond_chance(people(0, [0.1], other=BetterThanGuessing.TOO_FEW)).kind == "neutral"
    assert "not known yet" in beyond_chance(people(1, [0.1, 0.1], other=BetterThanGuessing.UNKNOWN)).text


def test_an_axis_ends_at_tens_and_has_zero_on_it() -> None:
    axis = Axis.of([0.031, 0.217])
    assert (axis.low, axis.high) == (0.0, 0.3)
    assert [(tick.x, tick.text) for tick in axis.ticks] == [
        ("0.00", "0"),
        ("33.33", "+10"),
        ("66.67", "+20"),
        ("100.00", "+30"),
    ]
    assert Axis.of([-0.05]).low == -0.1 and Axis.of([0.0]).high == 0.1


@pytest.mark.usefixtures("stored_base_model")
def test_every_mark_leads_somewhere_and_the_sheet_says_who_what_and_how_sure(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    metrics = base_model.test_metrics | {"accuracies": [0.25, 0.9, None, 1.0]}
    BaseModel.objects.update(origin="trained", head=b"head", test_metrics=metrics)
    study = two_tasks(base_model)
    tell(study, said_by(6))
    train_control(base_model)
    by_group([0.5, 0.9, None, 0.8], [0.75, 0.85, None, 0.81])
    n_test = len(base_model.dataset.files.rows(Split.TEST))
    Control.objects.update(test_predictions=pack_int32(np.full(n_test, SQUARE)))
    page = tree(coordinator_client.get(f"/admin/annotations/study/{analyse(study).pk}/results/"))
    sheet = page.select(".answer")[0]
    words = " ".join(sheet.text.split())
    assert "6 people said" in words and "25.0%" in words and "50.0%" in words
    assert len(sheet.select(".dots a")) == 6 and len(sheet.select(".worth-figure a.group")) == 3
    assert "loses 19.0 points (20.0 without words)" in words
    for link in sheet.select("a[href]"):
        address = str(link["href"])
        if not address.startswith(("?", "#")):
            assert coordinator_client.get(address, follow=True).status_code == 200


@pytest.mark.usefixtures("stored_base_model")
def test_before_any_retraining_the_sheet_says_so_and_draws_nothing(
    coordinator_client: Client, base_model: BaseModel
) -> None:
    study = two_tasks(base_model)
    tell(study, said_by(2))
    Run.objects.update(state=RunState.PENDING, worst_group_accuracy=None)
    Control.objects.all().delete()
    page = tree(coordinator_client.get(f"/admin/annotations/study/{analyse(study).pk}/results/"))
    sheet = page.select(".answer")[0]
    assert "No retraining with people’s words has a result yet." in sheet.text
    assert not sheet.select(".dots, .worth-figure")
