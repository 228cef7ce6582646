"""No visit fills the database: whichever route its browser calls, and however often, at some point nothing is stored.

Every route of a visit is driven past its budget, and all rows of all tables are counted.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse
from psycopg import sql

from annotations import urls
from annotations.log import visit_budgets
from annotations.log.visit_budgets import LIMITS, Budget
from annotations.log.withdrawal_keys import token
from annotations.models import AnnotationSession, BaseModel, SessionKind, Span, Task
from annotations.phrases import phrase_submission
from annotations.visits import entry_verification, sessions
from annotations.visits import tutorial_steps as tutorial
from annotations.visits.resume_codes import resume_code
from annotations.visits.tutorial_example import N_RIGHT
from annotations.visits.web.return_page import return_path
from annotations.visits.web.span_reports import MAX_PER_REPORT
from tests.support import actors
from tests.support.actors import WRONG_ANSWERS, as_numbered, client_of, do_tutorial, start_visit
from tests.support.steps import submit_and_score
from tests.support.views_pages import one, shown

FEW = 3
PAST_IT = 2 * FEW + 2

Make = Callable[["Visiting"], dict[str, Any]]


def nothing(_visiting: "Visiting") -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Visiting:
    """Somebody at one stage, with what the addresses of their pages are made of."""

    session: AnnotationSession
    client: Client
    ids: dict[str, str]
    parts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Drive:
    """How a route is called again and again: at a stage, with what `make` makes anew each time."""

    stage: str
    make: Make = nothing
    method: str = "post"


def anew(**fixed: Any) -> Make:
    return lambda _visiting: {"client_uuid": str(uuid.uuid4()), **fixed}


def spans(_visiting: Visiting) -> dict[str, Any]:
    ago = {"began_ago_ms": 20, "ended_ago_ms": 10}
    return {"spans": json.dumps([{"uuid": str(uuid.uuid4()), "opening": str(uuid.uuid4()), "kind": "visible", **ago}])}


def link(visiting: Visiting) -> dict[str, Any]:
    return {**visiting.ids, "device-client_uuid": str(uuid.uuid4()), "resume_code": resume_code(visiting.session)}


def attempt(visiting: Visiting) -> dict[str, Any]:
    return {"client_uuid": str(uuid.uuid4()), **as_numbered(visiting.session, WRONG_ANSWERS)}


def position(_visiting: Visiting) -> dict[str, Any]:
    return {"client_uuid": str(uuid.uuid4()), "position": str(uuid.uuid4().int % 100)}


GET = "get"
DRIVES: dict[str, tuple[Drive, ...]] = {
    "welcome": (Drive("task", lambda visiting: visiting.ids, GET),),
    "start": (Drive("consent", link), Drive("task", link), Drive("withdrawn", link)),
    "visit": (Drive("task", method=GET),),
    "consent": (Drive("consent", method=GET), Drive("consent", lambda _: {"agree": "no", "sure": "yes"})),
    "declined": (Drive("declined", method=GET),),
    "tutorial": (Drive("tutorial", method=GET), Drive("tutorial")),
    "look": (Drive("tutorial", lambda _: {"picture": N_RIGHT}),),
    "practise": (Drive("tutorial", anew(text="red")),),
    "check": (Drive("check", method=GET), Drive("check", attempt)),
    "not_passed": (Drive("check", method=GET),),
    "classes": (Drive("task", method=GET),),
    "pick": (Drive("task", lambda _: {"task": "1"}),),
    "move": (Drive("task", lambda _: {"note": "dark ones", "skip": ""}),),
    "task": (Drive("task", method=GET),),
    "begin": (Drive("task"),),
    "submit_phrase": (Drive("task", anew(text="blue")),),
    "phrase": (Drive("task", method=GET),),
    "choose_threshold": (Drive("task", position),),
    "judge": (Drive("task", anew(answer="yes")),),
    "show_keywords": (Drive("task"),),
    "done": (Drive("task"),),
    "end": (Drive("task"), Drive("finished", method=GET)),
    "withdraw_from_visit": (Drive("task", method=GET),),
    "withdraw": (Drive("task", method=GET), Drive("task")),
    "your_visit": (Drive("finished", method=GET),),
    "your_data": (Drive("finished", method=GET),),
    "report_spans": (Drive("task", spans), Drive("finished", spans), Drive("withdrawn", spans)),
    "language": (Drive("task", lambda _: {"language": "de"}),),
}
QUERIES = {  # at most, of one call
    "welcome": 5,
    "your_visit": 2,
    "your_data": 16,
    "start": 17,
    "visit": 3,
    "consent": 11,
    "declined": 2,
    "tutorial": 7,
    "look": 6,
    "practise": 11,
    "check": 12,
    "not_passed": 2,
    "classes": 3,
    "pick": 7,
    "move": 4,
    "task": 12,
    "begin": 7,
    "submit_phrase": 11,
    "phrase": 11,
    "choose_threshold": 21,
    "judge": 21,
    "show_keywords": 12,
    "done": 9,
    "end": 8,
    "withdraw_from_visit": 2,
    "withdraw": 33,
    "report_spans": 9,
    "language": 1,  # whether the browser is in a visit
}
OF_NO_VISIT = {"prolific_webhook", "thumbnail", "livez", "readyz", "metrics"}


@pytest.fixture(autouse=True)
def _small_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    for budget in Budget:
        monkeypatch.setitem(LIMITS, budget, FEW)
    monkeypatch.setattr(tutorial, "MAX_PRACTICE_PHRASES", FEW)
    monkeypatch.setattr(entry_verification, "CODES_TRIED", 100)
    monkeypatch.setattr(phrase_submission, "MAX_FAILED", 0)


@pytest.fixture(scope="module")
def stored_visitings(stored_base_model: BaseModel) -> dict[str, Visiting]:
    """One person at each stage; Alice's one phrase has a score."""
    open_study = actors.open_study(actors.create_study(stored_base_model))
    alice, bob = (start_visit(open_study, name) for name in ("alice", "bob"))
    (scored,) = submit_and_score(alice, "red")
    Task.objects.update(max_phrases=FEW, min_phrases=0)
    parts = {"public_id": alice.assignment.public_id, "client_uuid": scored.client_uuid}
    found = {"task": Visiting(alice.session, alice.client, dict(alice.external_ids), parts)}
    for stage in ("consent", "declined", "tutorial", "check", "withdrawn"):
        ids = {"PROLIFIC_PID": stage, "STUDY_ID": "s", "SESSION_ID": f"{stage}-visit"}
        session = sessions.enter(open_study, participant_id=stage, study_id="s", session_id=f"{stage}-visit")
        found[stage] = Visiting(session, client_of(session), ids)
    sessions.decline(found["declined"].session)
    for stage in ("tutorial", "check", "withdrawn"):
        sessions.give_consent(found[stage].session)
    tutorial.look(found["tutorial"].session, N_RIGHT)
    do_tutorial(found["check"].session)
    bob.client.post(f"/visit/tasks/{bob.assignment.public_id}/done", {"sure": "yes"})
    bob.client.post("/visit/end")
    found["finished"] = Visiting(bob.session, bob.client, dict(bob.external_ids))
    found["withdrawn"].client.post(_withdrawal(found["withdrawn"].session))
    return found


@pytest.fixture
def visitings(db: None, stored_visitings: dict[str, Visiting]) -> dict[str, Visiting]:
    return {
        stage: replace(each, session=AnnotationSession.objects.select_related("study").get(pk=each.session.pk))
        for stage, each in stored_visitings.items()
    }


def _withdrawal(session: AnnotationSession) -> str:
    return f"{reverse('withdraw', args=[session.public_id])}?key={token(session)}"


def _address(name: str, visiting: Visiting) -> str:
    if name == "withdraw":
        return _withdrawal(visiting.session)
    if name in ("your_visit", "your_data"):
        return return_path(visiting.session, name)
    if name in ("welcome", "start"):
        return reverse(name, args=[visiting.session.study.slug])
    wanted = {part: value for part, value in visiting.parts.items() if f":{part}>" in _ROUTES[name]}
    return reverse(name, kwargs=wanted)


_ROUTES = {str(each.name): str(each.pattern) for each in urls.urlpatterns if isinstance(each, URLPattern) and each.name}


def call(name: str, drive: Drive, visiting: Visiting) -> int:
    # Whoever comes by the link without a cookie gets a new one.
    client = Client() if name == "start" else visiting.client
    return int(getattr(client, drive.method)(_address(name, visiting), drive.make(visiting)).status_code)


def rows() -> dict[str, int]:
    """How many each table has, by one query: it is asked after every drive."""
    counted = [
        sql.SQL("SELECT {}, count(*) FROM {}").format(model._meta.label, sql.Identifier(model._meta.db_table))
        for model in apps.get_models()
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(counted))
        return dict(cursor.fetchall())


def test_each_route_of_a_visit_is_driven() -> None:
    of_visits = {name for name, route in _ROUTES.items() if not route.startswith(("schema", "docs", "studies"))}
    assert of_visits - OF_NO_VISIT == DRIVES.keys()


@pytest.mark.parametrize(
    ("name", "drive"),
    [(name, drive) for name, drives in DRIVES.items() for drive in drives],
    ids=lambda given: given if isinstance(given, str) else f"{given.method} at {given.stage}",
)
def test_past_its_budget_a_visit_stores_nothing_more(
    visitings: dict[str, Visiting], settings, name: str, drive: Drive
) -> None:
    visiting = visitings[drive.stage]
    before = rows()
    codes = [call(name, drive, visiting) for _ in range(PAST_IT)]
    there = rows()
    assert not any(code >= 500 for code in codes), codes
    grown = {label: n - before[label] for label, n in there.items() if n > before[label]}
    assert all(n <= 2 * FEW + 2 for n in grown.values()), grown
    codes = [call(name, drive, visiting) for _ in range(FEW)]
    assert {label: n - there[label] for label, n in rows().items() if n != there[label]} == {}


@pytest.mark.parametrize(
    ("name", "drive"),
    [(name, drive) for name, drives in DRIVES.items() for drive in drives],
    ids=lambda given: given if isinstance(given, str) else f"{given.method} at {given.stage}",
)
def test_no_route_asks_the_database_more_often_than_it_needs(
    visitings: dict[str, Visiting], name: str, drive: Drive
) -> None:
    """Savepoints count as well: each is a way to PostgreSQL and back."""
    with CaptureQueriesContext(connection) as asked:
        call(name, drive, visitings[drive.stage])
    assert len(asked) <= QUERIES[name]


@pytest.mark.parametrize("name", ["start", "task", "choose_threshold", "report_spans"])
def test_a_used_up_budget_is_said_and_counted(visitings: dict[str, Visiting], settings: Any, name: str) -> None:
    drive = next(each for each in DRIVES[name] if each.stage == "task")
    codes = [call(name, drive, visitings["task"]) for _ in range(PAST_IT)]
    assert 429 in codes and codes.index(429) > 0
    assert AnnotationSession.objects.get(pk=visitings["task"].session.pk).n_refused == codes.count(429)
    visitings["task"].client.cookies.pop(settings.LANGUAGE_COOKIE_NAME, None)  # another test may have switched
    page = visitings["task"].client.get(_address("task", visitings["task"]))
    if name == "task":
        assert page.status_code == 429 and "far more often" in shown(one(page, "main"))
    else:
        assert page.status_code == 200  # each has a budget of its own


def test_what_others_send_is_taken_all_the_same(visitings: dict[str, Visiting]) -> None:
    for _ in range(PAST_IT):
        call("report_spans", DRIVES["report_spans"][0], visitings["task"])
    assert visitings["finished"].client.post("/visit/spans", spans(visitings["task"])).status_code == 204


def test_the_flood_that_filled_a_disk_ends_at_the_budget(
    visitings: dict[str, Visiting], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was found: reports of 200 spans, as fast as they go."""
    visiting = visitings["task"]
    monkeypatch.setitem(LIMITS, Budget.SPANS, 3 * MAX_PER_REPORT)
    codes = []
    for _ in range(5):
        report = [json.loads(spans(visiting)["spans"])[0] for _ in range(MAX_PER_REPORT)]
        codes.append(visiting.client.post("/visit/spans", {"spans": json.dumps(report)}).status_code)
    assert codes == [204] * 3 + [429] * 2
    assert Span.objects.count() == 3 * MAX_PER_REPORT


def test_an_expert_has_no_budget(visitings: dict[str, Visiting]) -> None:
    expert = visitings["task"].session
    expert.kind = SessionKind.EXPERT
    for _ in range(PAST_IT):
        with visit_budgets.within(expert, Budget.SPANS) as is_kept:
            assert is_kept
