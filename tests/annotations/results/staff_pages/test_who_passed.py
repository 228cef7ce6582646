"""How many are better than guessing, and how many who guess would be: on the results page and on the overview."""

from dataclasses import replace

import pytest
from django.test import Client

from annotations.analysis.observations.person_tasks import PersonTask, Tried
from annotations.models import BaseModel, Study
from annotations.results.staff_pages.results_words import passed_sentence
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing
from tests.support.analysis_studies import analyse, tell, two_tasks
from tests.support.views_pages import tree
from tests.support.vocabularies import words_scored

YES, NO, TOO_FEW, UNKNOWN = BetterThanGuessing


def people(*better: BetterThanGuessing, chance: float | None = 0.16) -> list[PersonTask]:
    row = PersonTask("p", 1, None, 1, 1, 0.5, "red", 0.3, 0.2, None, None, None, guess_chance=chance)
    return [replace(row, better=each) for each in better]


def test_as_many_people_who_type_common_words_stand_beside_those_who_passed() -> None:
    assert passed_sentence(people(*[YES] * 18, *[NO] * 5)) == (
        "18 of the 23 people with a score passed: their best phrase is better than guessing. If as many people "
        "typed random common words as often, about 3.7 of them would pass."
    )


@pytest.mark.parametrize(
    ("better", "begins"),
    [
        ([YES, UNKNOWN], "It is not known yet whether people are better than guessing"),
        ([TOO_FEW, TOO_FEW], "There are too few images to tell"),
        ([], ""),
    ],
)
def test_what_cannot_be_told_passes_nobody(better: list[BetterThanGuessing], begins: str) -> None:
    said = passed_sentence(people(*better))
    assert said.startswith(begins) and "passed" not in said and bool(said) is bool(begins)


def test_without_scored_words_beside_them_only_those_who_failed_are_told() -> None:
    assert passed_sentence(people(NO, chance=None)) == (
        "0 of the 1 person with a score passed: their best phrase is better than guessing."
    )


@pytest.mark.django_db
def test_results_say_it(coordinator_client: Client, stored_base_model: BaseModel) -> None:
    study = two_tasks(BaseModel.objects.get(pk=stored_base_model.pk), "guesses")
    tell(study, [Tried(1, who, who, score, 0.5, 25, 25, 1) for who, score in (("ann", 0.9), ("ben", 0.45))])
    words_scored(study.tasks.get(position=1), [place / 40 for place in range(20)])
    said = "1 of the 2 people with a score passed: their best phrase is better than guessing. If as many people typed "
    assert said in shown(coordinator_client, analyse(study))


def shown(client: Client, study: Study) -> str:
    page = tree(client.get(f"/admin/annotations/study/{study.pk}/results/"))
    return " ".join(page.text.split())
