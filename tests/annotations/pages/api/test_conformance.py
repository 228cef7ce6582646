"""What the API answers is what its OpenAPI schema says, for requests that the schema allows and for others."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings

from annotations.models import Study
from clarify_site.wsgi import application
from tests.annotations.pages.api.test_tokens import token_of
from tests.support.actors import Visit
from tests.support.rows import add_phrase, add_run

CHECKS = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
FEW = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def token(open_study: Study, alice: Visit, coordinator: User) -> str:
    """Of a coordinator whose study has a phrase with a run and one that waits."""
    add_run(add_phrase(alice, "red", 0.5), 0.75)
    add_phrase(alice, "waits")
    return token_of(coordinator)


@pytest.fixture
def schemathesis() -> Any:
    """Loaded for the one test that asks for it: every process of a run collects this module."""
    return import_module("schemathesis")


def _operations(schemathesis: Any) -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", app=application)
    schema.config.generation.update(modes=list(schemathesis.GenerationMode))
    for found in schema.get_all_operations():
        operation = found.ok()
        if not operation.path.startswith("/api/v1/schema"):
            yield operation


@pytest.mark.services  # hundreds of requests, made from the schema
@pytest.mark.django_db(transaction=True)
def test_every_operation_answers_as_the_schema_says(token: str, schemathesis: Any) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    of_openapi = import_module("schemathesis.specs.openapi.checks")
    checks = [
        import_module("schemathesis.checks").not_a_server_error,
        *(getattr(of_openapi, name) for name in CHECKS),
    ]
    asked = 0
    for operation in _operations(schemathesis):
        for mode in schemathesis.GenerationMode:

            @FEW
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                nonlocal asked
                asked += 1
                if isinstance(case.path_parameters, dict) and "slug" in case.path_parameters:
                    case.path_parameters["slug"] = "sprites"
                case.call_and_validate(headers=headers, checks=checks)

            ask()
    assert asked > 150


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("studies/?state=nonsense", "state"),
        ("studies/?page_size=201", "page_size"),
        ("studies/?page_size=0", "page_size"),
        ("studies/?colour=red", "colour"),
        ("studies/sprites/?colour=red", "colour"),
        ("studies/sprites/export/?colour=red", "colour"),
        ("studies/sprites/releases/?state=nonsense", "state"),
        ("studies/sprites/tables/phrases/?page_size=201", "page_size"),
        ("studies/sprites/tables/phrases/?state=nonsense", "state"),
        ("studies/sprites/tables/runs/?is_chosen=perhaps", "is_chosen"),
        ("studies/sprites/tables/summary/?task=red", "task"),
        ("studies/sprites/tables/exclusions/?what=nonsense", "what"),
        ("studies/sprites/tables/summary/?colour=red", "colour"),
    ],
)
def test_what_no_row_can_have_is_refused_by_name(token: str, address: str, field: str) -> None:
    answer = Client(headers={"Authorization": f"Bearer {token}"}).get(f"/api/v1/{address}")
    assert answer.status_code == 400, answer.content
    error = answer.json()["error"]
    assert error["code"] == "invalid" and list(error["fields"]) == [field]


def test_the_schema_has_a_type_for_the_rows_of_every_table(token: str) -> None:
    schema = Client().get("/api/v1/schema/", {"format": "json"}).json()
    tables = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/studies/sprites/tables/").json()
    known = schema["components"]["schemas"]
    rows = {each["$ref"].rpartition("/")[2] for each in known["Row"]["oneOf"]}
    names = next(
        each["schema"]["enum"]
        for each in schema["paths"]["/api/v1/studies/{slug}/tables/{name}/"]["get"]["parameters"]
        if each["name"] == "name"
    )
    assert set(names) == {table["name"] for table in tables} and len(rows) == len(tables)
    for table in tables:
        of_rows = known[f"{''.join(part.capitalize() for part in table['name'].split('_'))}Row"]
        assert list(of_rows["properties"]) == [column["name"] for column in table["columns"]]
