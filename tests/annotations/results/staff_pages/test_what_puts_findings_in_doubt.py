"""What a reader of findings is told first, where pre-flight doubts that they mean anything."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotations.models import BaseModel, Role, Study, StudyMember
from tests.support.analysis_studies import analyse
from tests.support.views_pages import tree

NEAR_CHANCE = "In doubt: Task 1: the model is right on 52% of a class’s validation images"


def told(client: Client, study: Study, page: str, selector: str) -> list[Any]:
    found = tree(client.get(reverse(f"admin:annotations_study_{page}", args=[study.pk])))
    return [
        (" ".join(each.text.split()), [link["href"] for link in each.select("a")]) for each in found.select(selector)
    ]


@pytest.mark.parametrize("page", ["results", "change"])
def test_what_pre_flight_doubts_is_said_beside_the_findings(
    coordinator_client: Client, open_study: Study, page: str
) -> None:
    BaseModel.objects.update(validation_accuracies=[0.58, 0.47])
    analyse(open_study)
    ((sentence, links),) = told(coordinator_client, open_study, page, ".in-doubt")
    assert sentence.startswith(NEAR_CHANCE) and sentence.endswith("See all 2 doubts")
    assert links == [f"/admin/annotations/study/{open_study.pk}/preflight/#worth-a-look"]


@pytest.mark.usefixtures("_telling")
def test_findings_that_nothing_doubts_stand_alone(coordinator_client: Client, open_study: Study) -> None:
    assert told(coordinator_client, analyse(open_study), "results", ".in-doubt") == []


@pytest.fixture
def _telling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clarify_errors.arrays.phrases.vocabulary_level.MIN_IMAGES", 5)  # the small set has nine errors


def test_an_analyst_reads_it_and_can_follow_the_link(client: Client, open_study: Study) -> None:
    ada = User.objects.create_user("ada", is_staff=True)
    StudyMember.objects.create(study=open_study, user=ada, role=Role.ANALYST)
    client.force_login(ada)
    ((_, (link,)),) = told(client, analyse(open_study), "results", ".in-doubt")
    assert client.get(link).status_code == 200
