"""Lists, filters and counts show the rows of a person's studies alone; roles alone decide."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from annotations.models import BaseModel, Role, Study
from annotations.staff.roles import LIBRARY, study_of, study_path
from tests.support.actors import create_study, open_study, start_visit
from tests.support.rows import add_phrase, add_run

API_LISTS = ("studies", "tasks")
API_TABLES = ("participants", "sessions", "assignments", "phrases", "runs", "summary")
ADMIN_LISTS = ("study", "annotationsession", "assignment", "phrase", "run", "event")
_SESSION = "session__study"
_ASSIGNMENT = f"assignment__{_SESSION}"
PATHS = {
    "alarm": "study",
    "allocation": "study",
    "annotationsession": "study",
    "assignment": _SESSION,
    "auditrecord": "study",
    "checkattempt": _SESSION,
    "condition": "study",
    "consent": _SESSION,
    "correction": "study",
    "correctionpart": "correction__study",
    "devicereport": _SESSION,
    "endanswer": _SESSION,
    "event": "study",
    "forgottensubmission": "study",
    "gatheredtraining": "gathering__study",
    "gathering": "study",
    "gatheringpart": "gathering__study",
    "identitykey": "study",
    "imagereview": "gathering__study",
    "invitation": "study",
    "judgement": f"phrase__{_ASSIGNMENT}",
    "participant": "study",
    "payment": "study",
    "paymentbatch": "study",
    "phrase": _ASSIGNMENT,
    "practicephrase": _SESSION,
    "prolificrequest": "study",
    "reconciliation": "study",
    "rehearsal": "study",
    "release": "study",
    "reply": f"phrase__{_ASSIGNMENT}",
    "run": _ASSIGNMENT,
    "score": f"phrase__{_ASSIGNMENT}",
    "span": _SESSION,
    "study": "",
    "studyanalysis": "study",
    "studyconfiguration": "study",
    "studymember": "study",
    "studyonprolific": "study",
    "submission": "study",
    "task": "study",
    "thresholdchoice": f"phrase__{_ASSIGNMENT}",
    "webhookdelivery": "submission__study",
}
OF_NO_STUDY = {
    "accesstoken",
    "basemodel",
    "benchmark",
    "control",
    "dataset",
    "datasetimport",
    "imageindex",
    "imagesearch",
    "importshard",
    "keywordranking",
    "pool",
    "randomslices",
    "randomslicescores",
    "totpdevice",
    "vocabularylevel",
    "workerheartbeat",
}


@pytest.fixture(scope="module")
def stored(stored_base_model: BaseModel) -> tuple[Study, Study]:
    """Two studies, each open and with one person who did the same."""
    here, elsewhere = (open_study(create_study(stored_base_model, slug)) for slug in ("sprites", "elsewhere"))
    add_run(add_phrase(start_visit(here, "alice"), "red", 0.5), 0.5)
    add_run(add_phrase(start_visit(elsewhere, "carol"), "secret words", 0.5), 0.5)
    return here, elsewhere


@pytest.fixture
def here(db: None, stored: tuple[Study, Study]) -> Study:
    return Study.objects.get(pk=stored[0].pk)


@pytest.fixture
def elsewhere(db: None, stored: tuple[Study, Study]) -> Study:
    return Study.objects.get(pk=stored[1].pk)


def member(study: Study, role: Role) -> Client:
    user = User.objects.create_user(f"{role}-of-{study.slug}", is_staff=True)
    study.members.create(user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def test_every_model_of_a_study_leads_to_it_and_every_other_is_named() -> None:
    models = {model._meta.model_name: model for model in apps.get_app_config("annotations").get_models()}
    assert {name: study_path(model) for name, model in models.items() if name not in OF_NO_STUDY} == PATHS
    assert [name for name in models if name in OF_NO_STUDY and study_path(models[name]) is not None] == []


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ADMIN_LISTS)
def test_a_list_of_the_admin_shows_the_rows_of_ones_studies(
    here: Study, elsewhere: Study, name: str, role: Role
) -> None:
    response = member(here, role).get(f"/admin/annotations/{name}/")
    rows = list(response.context["cl"].queryset)
    assert rows and {study_of(row) for row in rows} == {here}
    assert elsewhere.title not in response.content.decode()  # nor among the filters at its side


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", API_LISTS)
def test_a_list_of_the_api_shows_the_rows_of_ones_studies(
    here: Study, elsewhere: Study, coordinator_client: Client, name: str, role: Role
) -> None:
    def rows(client: Client) -> list[Any]:
        return list(client.get(f"/api/v1/{name}/").json()["results"])

    own, others = rows(member(here, role)), rows(member(elsewhere, role))
    assert own and others
    assert not [row for row in own if row in others]
    assert len(rows(coordinator_client)) == len(own) + len(others)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", API_TABLES)
def test_a_table_of_the_api_is_there_for_members_of_its_study_alone(
    here: Study, elsewhere: Study, name: str, role: Role
) -> None:
    client = member(here, role)
    assert client.get(f"/api/v1/studies/{here.slug}/tables/{name}/").json()["count"] == 1
    assert client.get(f"/api/v1/studies/{elsewhere.slug}/tables/{name}/").status_code == 404


def test_a_filter_by_another_study_shows_nothing(here: Study, elsewhere: Study) -> None:
    client = member(here, Role.ANALYST)
    page = client.get("/admin/annotations/annotationsession/", {"study__id__exact": elsewhere.pk})
    assert {study_of(row) for row in page.context["cl"].queryset} <= {here}
    assert client.get("/api/v1/tasks/", {"study": elsewhere.slug}).json()["count"] == 0


def test_the_start_page_names_ones_own_studies(here: Study, elsewhere: Study) -> None:
    page = member(here, Role.COORDINATOR).get("/admin/").content.decode()
    assert here.title in page and elsewhere.title not in page


def test_a_person_in_two_studies_sees_each_row_once(here: Study, elsewhere: Study) -> None:
    client = member(here, Role.ANALYST)
    elsewhere.members.create(user=User.objects.get(username="analyst-of-sprites"), role=Role.COORDINATOR)
    assert client.get("/api/v1/studies/").json()["count"] == 2
    assert client.get("/api/v1/tasks/").json()["count"] == 2


def test_model_permissions_give_nothing(here: Study, client: Client, django_user_model) -> None:
    user = User.objects.create_user("ticked", is_staff=True)
    user.user_permissions.set(apps.get_model("auth", "Permission").objects.all())
    client.force_login(user)
    assert client.get(f"/admin/annotations/study/{here.pk}/change/").status_code == 404
    assert client.get("/admin/auth/user/").status_code == 403
    assert client.get("/api/v1/studies/").json()["count"] == 0


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_a_role_ends_with_the_account(here: Study, change: dict[str, bool]) -> None:
    client = member(here, Role.COORDINATOR)
    User.objects.update(**change)
    assert client.get(f"/admin/annotations/study/{here.pk}/change/").status_code == 302
    assert client.get("/api/v1/studies/").status_code == 403


def test_whoever_was_only_made_an_analyst_sets_nothing_up(here: Study) -> None:
    assert "New study" not in member(here, Role.ANALYST).get("/admin/").content.decode()
    assert "New study" in member(here, Role.COORDINATOR).get("/admin/").content.decode()


def test_the_secrets_of_others_are_on_no_page_of_the_admin() -> None:
    shown = {model._meta.app_label for model in admin.site._registry}
    assert shown == {"annotations", "auth"}
    assert set(LIBRARY) <= set(admin.site._registry)
