"""The first screen of the results: verdicts that hold where nothing is there, and figures that say what they draw."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.test import Client
from scipy import stats

from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimates import estimate
from annotations.analysis.tables.keyword_splits import PeopleLessMachine
from annotations.analysis.tables.measure_columns import GroupGain
from annotations.models import BaseModel, Control, Run, RunState
from annotations.models.arrays import pack_int32
from annotations.results.staff_pages.answer_sheet import (
    Axis,
    beside_machine,
    beyond_chance,
    chance_of,
    costs,
    who_found,
)
from annotations.results.staff_pages.machine_verdict import Duel
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
    assert beyond_chance(people(8, [0.2] * 10)).text == "more than chance: 8 of 10 people, about 2 by random words"
    assert (
        beyond_chance(people(2, [0.2] * 10)).text
        == "not shown to be more than chance: 2 of 10 people, about 2 by random words"
    )


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
    assert axis.middle(axis.column(0.0)) == axis.place(0.0)  # who gains nothing stands on the line of 0
    assert Axis.of([-0.05]).low == -0.1 and Axis.of([0.0]).high == 0.1


FACTS = TaskFacts(1, "square", "sprites", "base", False, 0.25, 0.5, 0.6, (), ())


def group(name: str, base: float, control: float, *gains: float) -> GroupGain:
    return GroupGain(1, "square", name, False, base, control, estimate(gains), 0)


def said(task: TaskFacts, *groups: GroupGain) -> list[tuple[str, str]]:
    return [(chip.kind, chip.text) for chip in costs(task, groups)]


def test_what_retraining_costs_is_told_beside_what_it_costs_without_words() -> None:
    halved = group("oval", 0.81, 0.38, 0.19, 0.2)
    assert said(FACTS, halved) == [("neutral", "“oval”: 23.5 points below the model as it is; without words, 43.0")]
    caused = group("oval", 0.9, 0.9, -0.1, -0.1)
    assert said(FACTS, caused) == [("bad", "“oval”: 10.0 points below the model as it is; without words, 0.0")]


@pytest.mark.parametrize(
    ("base", "gains", "kind", "end"),
    [
        (0.9, [-0.1, -0.12, -0.11, -0.1], "bad", ""),
        (0.5, [-0.1, -0.12, -0.11, -0.1], "neutral", ""),  # it ends above the model as it is
        (0.9, [-0.9, 0.1, 0.2, 0.17], "neutral", ", perhaps by chance"),
    ],
)
def test_what_words_cost_is_told_against_the_control(base: float, gains: list[float], kind: str, end: str) -> None:
    blue = group("blue", base, 0.8, *gains)
    loss = f"{-100 * np.mean(gains):.1f} points below retraining without words"
    assert said(replace(FACTS, is_imported=base > 0.5), blue) == [(kind, f"“blue”: {loss}{end}")]


def test_no_group_that_loses_is_called_unharmed_and_imported_predictions_are_no_measure() -> None:
    assert said(FACTS, group("blue", 0.8, 0.85, 0.1, 0.1)) == [("good", "no other group loses")]
    imported = replace(FACTS, is_imported=True)
    assert said(imported, group("blue", 0.9, 0.5, 0.1)) == [("good", "words cost no other group anything")]


def test_words_that_do_nothing_to_other_groups_are_rarely_called_harmful() -> None:
    rng, n_studies = np.random.default_rng(8), 1_000
    imported, gains = replace(FACTS, is_imported=True), rng.normal(0.0, 0.1, (n_studies, 12))
    alarms = sum(said(imported, group("blue", 0.9, 0.8, *each))[0][0] == "bad" for each in gains) / n_studies
    assert 0.0 < alarms <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / n_studies)


def duel(low: float, difference: float, high: float) -> Duel:
    words: dict[str, Any] = {
        "task": 1,
        "class_name": "square",
        "scheme": "",
        "list": "",
        "list_digest": "",
        "whose": "error_score",
    }
    measured: dict[str, Any] = {"people": 0.1, "machine": 0.1, "difference": difference, "low": low, "high": high}
    return Duel("square", "red", "dark", {"own_gain": PeopleLessMachine(**words, measure="own_gain", **measured)}, "")


BY = "by 3.0 points (95% interval 1.0 to 5.0)"
VERDICTS = [
    (duel(0.01, 0.03, 0.05), "good", "phrase beats", f"phrase, “red”, beats the machine’s keyword, “dark”, {BY}"),
    (duel(-0.05, -0.03, -0.01), "bad", "keyword beats", f"keyword, “dark”, beats the best-scored phrase, “red”, {BY}"),
    (duel(-0.05, -0.03, 0.01), "neutral", "not told apart", "not told apart: −3.0 points (95% interval −5.0 to +1.0)"),
    (duel(0.0, 0.0, 0.0), "neutral", "equal gain", "do the same."),
]


@pytest.mark.parametrize(("of", "kind", "chip", "sentence"), VERDICTS)
def test_chip_and_sentence_say_the_same_of_people_and_machine(of: Duel, kind: str, chip: str, sentence: str) -> None:
    assert of.gain is not None
    verdict = beside_machine(of.gain)
    assert verdict.kind == kind and chip in verdict.text
    gained = [
        replace(person, run_worst_group=0.6, control_worst_group=0.5, basis=Basis.RUN) for person in people(1, [0.1])
    ]
    assert sentence in who_found(gained, of)


def test_who_gains_is_told_beside_who_found_something_where_both_are_known() -> None:
    gained = [
        replace(person, run_worst_group=after, control_worst_group=0.5, basis=Basis.RUN)
        for person, after in zip(people(3, [0.1] * 5), (0.6, 0.7, 0.4, 0.6, 0.5), strict=True)
    ]
    told = who_found(gained, None)
    assert "The words of 3 of 5 people gain something" in told
    assert ": 2 of the 3 whose words are better than guessing, and 1 of the other 2." in told
    unjudged = [replace(gained[0], better=BetterThanGuessing.UNKNOWN), *gained[1:]]
    assert "guessing" not in who_found(unjudged, None)
    assert "guessing" not in who_found(gained[:3], None), "nobody else is there"


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
    results = f"/admin/annotations/study/{analyse(study).pk}/results/"
    page = tree(coordinator_client.get(results))
    sheet = page.select(".answer")[0]
    words = " ".join(sheet.text.split())
    assert "6 of 6 people said phrases like" in words and "25.0%" in words and "50.0%" in words
    assert len(sheet.select(".dots a")) == 6 and len(sheet.select(".worth-figure a.group")) == 3
    assert "19.0 points below the model as it is; without words, 20.0" in words
    assert "5.0 points below retraining without words" in words
    addresses = {str(link["href"]) for link in sheet.select("a[href]")}
    assert {address.partition("?")[0].partition("-")[0] for address in addresses} >= {"#panel", ""}
    for address in addresses:
        if address.startswith("#"):  # of images, or of keywords with their scores
            (place,) = page.select(f'[id="{address[1:]}"]')
            figure = place if place.name == "figure" else place.find_parent("figure")
            assert figure is not None and figure.select("img, table")
        elif "?table=" in address:
            file = coordinator_client.get(f"{results}{address}" if address.startswith("?") else address)
            assert file["Content-Type"].startswith("text/csv") and file.content.count(b"\n") > 1
        else:
            leads_to = tree(coordinator_client.get(address, follow=True))
            assert leads_to.select("#content img, #content table tbody tr"), address


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
