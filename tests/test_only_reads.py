"""A view that writes in answer to a GET fails its test, on PostgreSQL's word (tests/support/only_reads.py)."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import InternalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import Client, override_settings
from django.urls import NoReverseMatch, path, reverse

from annotations.models import Dataset
from clarify_site.urls import urlpatterns as site
from tests.support import only_reads


def stores(request: HttpRequest) -> HttpResponse:
    User.objects.create(username="written")
    return HttpResponse()


def stores_and_says_nothing_of_it(request: HttpRequest) -> HttpResponse:
    try:
        with transaction.atomic():
            return stores(request)
    except InternalError:
        return HttpResponse()


def locks(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        return HttpResponse(str(len(User.objects.select_for_update())))


def stores_in_its_template(request: HttpRequest) -> TemplateResponse:
    return TemplateResponse(request, engines["django"].from_string("{{ stored }}"), {"stored": lambda: stores(request)})


def reads(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(User.objects.count()))


def ends_the_session(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return reads(request)


WRITING = (stores, stores_and_says_nothing_of_it, locks, stores_in_its_template)
urlpatterns = [*site, *(path(view.__name__, view) for view in (*WRITING, reads, ends_the_session))]
# Within a test's own transaction, and without one.
HOW = [
    pytest.param(True, marks=pytest.mark.django_db),
    pytest.param(False, marks=pytest.mark.django_db(transaction=True)),
]
here = override_settings(ROOT_URLCONF=__name__)


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def noted() -> list[str]:
    told = [*only_reads.refused]
    only_reads.refused.clear()
    return told


@here
@pytest.mark.parametrize("view", WRITING)
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("is_within", HOW)
def test_a_view_that_writes_is_noted(client: Client, view: Callable[..., object], method: str, is_within: bool) -> None:
    assert connection.in_atomic_block == is_within
    getattr(client, method)(f"/{view.__name__}")
    (told,) = noted()
    assert told.startswith(f"{method.upper()} /{view.__name__} (") and '"auth_user"' in told
    User.objects.create(username="written by the test")
    assert User.objects.get().username == "written by the test"


@here
@pytest.mark.django_db
def test_what_is_sent_with_post_may_write(client: Client) -> None:
    assert client.post("/stores").status_code == 200 and User.objects.count() == 1


@here
@pytest.mark.django_db(transaction=True)
def test_a_view_that_opens_a_new_connection_only_reads_and_the_next_may_write(client: Client) -> None:
    connection.close()
    assert client.get("/stores").status_code == 500
    assert noted() and client.post("/stores").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SHOW default_transaction_read_only")
        assert cursor.fetchone() == ("off",)


@here
@pytest.mark.parametrize("is_within", HOW)
def test_a_session_ends_also_when_a_page_is_read(client: Client, is_within: bool) -> None:
    assert connection.in_atomic_block == is_within
    session = client.session
    session["any"] = 1
    session.save()
    assert client.get("/ends_the_session").status_code == 200
    assert session.session_key and not session.exists(session.session_key)
    assert client.get("/stores").status_code == 500 and noted()


@pytest.mark.django_db
def test_a_view_that_may_write_to_one_table_may_not_write_to_another() -> None:
    with only_reads.only_writes(("auth_user",), "GET /"):
        User.objects.update(is_staff=False)
        assert noted() == []
        Dataset.objects.update(name="another")
    (told,) = noted()
    assert told.startswith('GET / may write only to auth_user, but sent: UPDATE "annotations_dataset"')


@pytest.mark.django_db
def test_a_test_does_not_count_what_holds_a_view_read_only(django_assert_num_queries: Callable[..., object]) -> None:
    with here, django_assert_num_queries(1):  # type: ignore[attr-defined]
        Client().get("/reads")


def test_each_exception_names_a_view_and_tables_of_the_site() -> None:
    tables = {*connection.introspection.django_table_names()}
    for name, (reason, written) in only_reads.MAY_WRITE.items():
        assert reason.endswith(".") and {*written} <= tables
        assert name == "oidc_back" or _is_a_view(name)  # which only a site with a provider has
    assert {*only_reads.ANY_VIEW_MAY_WRITE} <= tables


def _is_a_view(name: str) -> bool:
    one = "00000000-0000-0000-0000-000000000000"
    for arguments in ((), (1,), (one,), (one, one), (one, 1)):
        try:
            return bool(reverse(name, args=arguments))
        except NoReverseMatch:
            continue
    return False
