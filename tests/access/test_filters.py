"""What a list of the admin can be filtered, sorted and searched by: nothing that tells a value which it does not show.

Django takes every column of a list's rows as a filter. "No rows" then tells a hidden value one character at a time.
"""

import re
from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Field, ForeignKey, Model
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode

from annotations.models import AnnotationSession, Study
from annotations.pages.study_scoped import OfferedFilters
from tests.access.answers import ANALYST, COORDINATOR, OPERATOR
from tests.access.world import World

pytestmark = pytest.mark.django_db

ROLES = (OPERATOR, COORDINATOR, ANALYST)
LISTS: dict[str, Any] = {model._meta.label_lower: model_admin for model, model_admin in admin.site._registry.items()}
SECRET = re.compile(r"sealed|code$|password|key$|token|digest|hash|secret|entered|email|webhook")
PSEUDONYM = "submission_key"
STEPS = 2  # how far away a related column may lie
EQUAL, PARTS_OF_A_DATE = ("", "exact", "isnull"), ("year", "month", "day")
VALUES = ("\0", "", "'", "abc", "1.5", "-1", "²", "9999", "99999999999", "9" * 20, "x" * 1000)
WORST = ("\0", "abc", "1.5", "9" * 20)  # of them, what each kind of column could fail on
FAR_LOOKUPS = {"", *["exact", "isnull", "in", "startswith", "gt", "regex", "pk", "id", "id__exact", "id__gt", "a__a"]}
PARAMETERS = {  # what Django's lists take beside filters
    "o": ("\0", "99", "-99", "--1", "²", ".".join(["1"] * 500), "9" * 5000),
    "p": ("\0", "0", "99", "9" * 5000),
    "q": ("\0", "' OR 1=1", "%", " ".join(["a"] * 50)),
    "all": ("\0",),
    "e": ("\0",),
    "_facets": ("\0",),
    "_popup": ("\0",),
    "_to_field": ("id", "pk", "slug", "completion_code", "password", "study__slug", "\0", "nothing"),
    "nothing": ("1",),
    "pk": ("1",),
    "\0": ("1",),
}
REFUSALS = (DisallowedModelAdminLookup, DisallowedModelAdminToField, IncorrectLookupParameters)


def address(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def columns(model: type[Model], steps: int = STEPS, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every column of a model, and of those that are related to it either way, with its path."""
    for field in model._meta.get_fields():
        yield f"{before}{field.name}", field
        if steps and isinstance(field.related_model, type):
            yield from columns(field.related_model, steps - 1, f"{before}{field.name}__")


def lookups(field: Any, steps: int) -> set[str]:
    """Every lookup of a column, with those of its transforms and some of a JSON document's; of a far one some."""
    if steps == STEPS or not isinstance(field, Field):
        return FAR_LOOKUPS
    found = set(FAR_LOOKUPS)
    for name, lookup in field.get_lookups().items():
        found |= {name, *(f"{name}__{inner}" for inner in getattr(lookup, "get_lookups", dict)())}
    return found


def is_key(model: Any, path: str) -> bool:
    field: Any = None
    for name in path.split("__"):
        field = model._meta.get_field(name)
        model = field.related_model
    return isinstance(field, ForeignKey)


def offered(model_admin: Any) -> set[str]:
    """The parameters by which the links of a list's own page filter."""
    equal = {(path, lookup) for path in model_admin.list_filter for lookup in EQUAL}
    keys = {(path, "id__exact") for path in model_admin.list_filter if is_key(model_admin.model, path)}
    dates = {(model_admin.date_hierarchy, part) for part in PARTS_OF_A_DATE if model_admin.date_hierarchy}
    return {f"{path}__{lookup}" if lookup else path for path, lookup in equal | keys | dates}


def asking(world: World, person: str, **parameters: str) -> HttpRequest:
    request: HttpRequest = copy(world.requests[person])
    request.GET = QueryDict(urlencode(parameters))
    return request


def rows(model_admin: Any, request: HttpRequest) -> set[Any] | None:
    """What a list shows; None where it refuses. Anything else that it raises is a broken page."""
    try:
        return set(model_admin.get_changelist_instance(request).result_list)
    except REFUSALS:
        return None


def test_every_list_of_the_site_refuses_what_it_does_not_offer() -> None:
    assert len(LISTS) >= 9
    assert [name for name, model_admin in LISTS.items() if not isinstance(model_admin, OfferedFilters)] == []


@pytest.mark.parametrize("name", LISTS)
def test_no_column_near_or_far_is_a_filter_unless_the_list_offers_it(world: World, name: str) -> None:
    model_admin, asked = LISTS[name], 0
    allowed = offered(model_admin)
    for person in ROLES:
        request = asking(world, person)
        for path, field in columns(model_admin.model):
            for lookup in lookups(field, path.count("__")):
                parameter = f"{path}__{lookup}" if lookup else path
                is_allowed = model_admin.lookup_allowed(parameter, "1", request)
                assert is_allowed == (parameter in allowed), f"{person}: {parameter}"
                asked += 1
    assert asked > 500


@pytest.mark.parametrize("person", ROLES)
def test_a_secret_of_a_study_is_not_told_a_character_at_a_time(world: World, person: str) -> None:
    for column in ("completion_code", "sealed_pseudonym_key", "pseudonym_key"):
        for lookup in ("exact", "startswith", "regex", "gt"):
            answer = world.clients[person].get(address(Study), {f"{column}__{lookup}": "C0DE1234"})
            assert answer.status_code == 400, f"{column}__{lookup}"
    page = answer.content.decode()
    assert "The request is invalid" in page and column not in page


@pytest.mark.parametrize("name", LISTS)
def test_no_value_breaks_a_list_and_no_parameter_chooses_other_rows(world: World, name: str) -> None:
    model_admin = LISTS[name]
    everything = rows(model_admin, asking(world, OPERATOR))
    for parameter in offered(model_admin):
        for value in WORST:
            rows(model_admin, asking(world, OPERATOR, **{parameter: value}))
    for parameter, values in PARAMETERS.items():
        for value in values:
            shown = rows(model_admin, asking(world, OPERATOR, **{parameter: value}))
            assert parameter == "q" or shown in (everything, None), f"{parameter}={value}"


@pytest.mark.parametrize(
    "parameter", ["created_at__year", "created_at__month", "study__id__exact", "is_late", *PARAMETERS]
)
def test_a_page_answers_whatever_its_address_says(world: World, parameter: str) -> None:
    client, url = world.clients[ANALYST], address(AnnotationSession)
    for value in PARAMETERS.get(parameter, VALUES):
        asked: dict[str, str] = {
            parameter: value,
            **({} if parameter == "created_at__year" else {"created_at__year": "2026"}),
        }
        for given in (asked, {**asked, "e": "1"}):
            answer = client.get(url, given)
            assert answer.status_code in {200, 302, 400}, given
            assert "Database error" not in answer.content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_sorted_and_searched_by_what_it_shows(world: World, name: str) -> None:
    model_admin = LISTS[name]
    changes = model_admin.get_changelist_instance(asking(world, OPERATOR))
    sorts = [str(by) for column in changes.list_display if (by := changes.get_ordering_field(column))]
    ends = {path.lstrip("-").split("__")[-1] for path in (*sorts, *model_admin.search_fields)}
    assert [column for column in ends - {PSEUDONYM} if SECRET.search(column)] == []


def test_nothing_is_looked_up_by_completing_what_is_typed(world: World) -> None:
    asked = {"app_label": "annotations", "model_name": "phrase", "field_name": "assignment"}
    for person in ROLES:
        for term in ("a", "\0", ""):
            assert world.clients[person].get("/admin/autocomplete/", {**asked, "term": term}).status_code == 403


def test_nothing_is_done_to_many_rows_at_once(world: World) -> None:
    for model_admin in LISTS.values():
        chosen = {"action": "delete_selected", "_selected_action": ["abc", "1"], "index": "0", "post": "yes"}
        assert world.clients[OPERATOR].post(address(model_admin.model), chosen).status_code == 200


def test_the_links_of_our_own_pages_filter(world: World) -> None:
    by_study = "assignment__session__study__id__exact"
    for parameter, name in (("study__id__exact", "annotationsession"), (by_study, "phrase"), (by_study, "run")):
        found = rows(LISTS[f"annotations.{name}"], asking(world, ANALYST, **{parameter: str(world.things["study"])}))
        assert found
        nowhere = rows(LISTS[f"annotations.{name}"], asking(world, ANALYST, **{parameter: "0"}))
        assert nowhere == set()
