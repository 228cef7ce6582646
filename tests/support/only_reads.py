"""PostgreSQL holds each GET and HEAD of the tests read-only: a view that writes fails its test.

This covers what a view does and the templates that it renders. It does not cover middleware, what a response streams
afterwards, and a site that a test starts in another process.
"""

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

import pytest
from django.core.handlers.base import BaseHandler
from django.db import InternalError, connection
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.pq import TransactionStatus

_SCREENS = (
    "The log tells which images a person saw, and a budget limits how often (decision 32).",
    ("annotations_annotationsession", "annotations_event"),
)
_EFFECT = (
    "Analyses need to know whether and when a person saw what their words did.",
    ("annotations_annotationsession", "annotations_event"),
)
_ANALYSES = "Whoever looks at an outdated analysis asks a worker for a new one.", ("annotations_studyanalysis",)
_TAKEN = "The audit log tells who took a copy.", ("annotations_auditrecord",)
# The views that may write in answer to a GET: by name, the reason, and the tables that they may write to.
MAY_WRITE: dict[str, tuple[str, tuple[str, ...]]] = {
    "task": _SCREENS,
    "phrase": _SCREENS,
    "end": _EFFECT,
    "your_visit": _EFFECT,
    "admin:annotations_study_change": _ANALYSES,
    "admin:annotations_study_results": _ANALYSES,
    "admin:annotations_study_concepts": _ANALYSES,
    "admin:annotations_study_correction": (f"{_ANALYSES[0]} {_TAKEN[0]}", (*_ANALYSES[1], *_TAKEN[1])),
    "api-table": _ANALYSES,
    "admin:annotations_study_audit": _TAKEN,
    "audit": _TAKEN,
    "admin:annotations_study_release_file": _TAKEN,
    "api-release-file": _TAKEN,
    "oidc_back": ("The provider sends the browser back with GET, and signs it in.", ("django_session", "auth_user")),
}
# What any view may write, in a statement of its own: the table, and the reason.
ANY_VIEW_MAY_WRITE = {
    "django_session": "The site finds that a session was idle for too long when a view first asks who is signed in.",
    "annotations_accesstoken": "The API notes when a token was last used.",
}

View = Callable[..., HttpResponseBase]
Execute = Callable[[str, Any, bool, dict[str, Any]], Any]

refused: list[str] = []  # writes of the test that runs, even if its view turned the error into a page

_make_view_atomic: Callable[[BaseHandler, View], View] = BaseHandler.make_view_atomic
_WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')


def _reading_view(handler: BaseHandler, view: View) -> View:
    """Return the view as the handler shall call it."""
    view = _make_view_atomic(handler, view)

    def called(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        name = request.resolver_match.view_name if request.resolver_match else ""
        _, tables = MAY_WRITE.get(name, ("", ()))
        told = f"{request.method} {request.path} (the view {name!r})"
        with only_writes(tables, told) if tables else read_only(told):
            response = view(request, *args, **kwargs)
            # Its queries run when it is rendered. The site has no middleware that would change it before.
            return response.render() if isinstance(response, SimpleTemplateResponse) else response

    return called


BaseHandler.make_view_atomic = _reading_view  # type: ignore[method-assign,assignment]


@contextmanager
def only_writes(tables: tuple[str, ...], request: str) -> Iterator[None]:
    """Note each statement inside that writes to another table than these."""

    def judged(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if (table := _written(sql)) and table not in tables and table not in ANY_VIEW_MAY_WRITE:
            refused.append(f"{request} may write only to {', '.join(tables)}, but sent: {sql}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(judged):
        yield


@contextmanager
def read_only(request: str) -> Iterator[None]:
    """Have PostgreSQL refuse each write inside, and note it in `refused`.

    No statement of this function is among the queries that a test counts.
    """
    is_within = connection.in_atomic_block
    depth = len(connection.savepoint_ids)
    block = _Savepoint() if is_within else _Transactions()

    def judged(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        has_block_of_its_own = connection.in_atomic_block != is_within or len(connection.savepoint_ids) != depth
        if _written(sql) in ANY_VIEW_MAY_WRITE and not has_block_of_its_own:
            block.end()
            try:
                return execute(sql, params, many, context)
            finally:
                block.begin()
        try:
            return execute(sql, params, many, context)
        except InternalError as error:
            if isinstance(error.__cause__, ReadOnlySqlTransaction):
                refused.append(f"{request} shall only read, but sent: {sql}")
            raise

    block.begin()
    try:
        with connection.execute_wrapper(judged):
            yield
    finally:
        block.end()


def _written(sql: object) -> str:
    """Return the table that a statement writes to; empty if it writes to none."""
    found = _WRITES.match(sql) if isinstance(sql, str) else None  # psycopg composes others: raw SQL, which only reads
    return found[1] if found else ""


class _Savepoint:
    """A read-only part of a test's own transaction: PostgreSQL restores the right to write at its end."""

    def begin(self) -> None:
        if connection.connection.info.transaction_status != TransactionStatus.INERROR:
            connection.connection.execute("SAVEPOINT only_reads; SET TRANSACTION READ ONLY")

    def end(self) -> None:
        has_failed = connection.connection.info.transaction_status == TransactionStatus.INERROR
        if has_failed:  # Django would refuse what a test asks next, and a site has no transaction here
            connection.set_rollback(False)
        end = "ROLLBACK TO SAVEPOINT only_reads; RELEASE" if has_failed else "RELEASE"
        connection.connection.execute(f"{end} SAVEPOINT only_reads")


class _Transactions:
    """Outside of a transaction: each one that the view begins is read-only, on a new connection too."""

    def __init__(self) -> None:
        self._thread = get_ident()
        self._changed: list[Any] = []

    def begin(self) -> None:
        connection_created.connect(self._change, dispatch_uid=self)
        if connection.connection is not None:
            self._change(connection)

    def end(self) -> None:
        connection_created.disconnect(dispatch_uid=self)
        while self._changed:
            database = self._changed.pop()
            if not database.closed:  # the pool gives it to another request
                database.execute("SET default_transaction_read_only = off")

    def _change(self, connection: Any, **_: object) -> None:
        if get_ident() != self._thread:  # the test itself, or another request: a rollback there would bring it back
            return
        connection.connection.execute("SET default_transaction_read_only = on")
        self._changed.append(connection.connection)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    try:
        return (yield)
    finally:
        _fail_after_a_write()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, object, object]:
    """A request of a browser may come after the last line of its test."""
    try:
        return (yield)
    finally:
        _fail_after_a_write()


def _fail_after_a_write() -> None:
    if refused:
        told = "\n".join(refused)
        refused.clear()
        pytest.fail(f"{told}\nA GET only reads (CONTRIBUTING.md).", pytrace=False)
