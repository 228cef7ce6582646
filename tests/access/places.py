"""Where something can be sent: each act of each page, by somebody who is at that page."""

import ast
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

import annotations
from annotations.datasets.staff_pages import data_page
from annotations.models import Correction, EndReason, Gathering, JobState, Study, Submission
from annotations.models.scheme import Scheme
from annotations.phrases import assignments
from annotations.pools.staff_pages import pool_lists
from annotations.site.study_registry import PAGES
from annotations.visits import expert_visits, sessions
from tests.access.answers import ANONYMOUS, OPERATOR, PARTICIPANT, REACHED
from tests.access.matrix import MATRIX
from tests.access.world import World
from tests.support import actors
from tests.support.experts import expert, experts_draft, logged_in
from tests.support.money import owe
from tests.support.rows import add_phrase

_GIVEN = {"text": "red", "position": "9", "answer": "no", "agree": "no", "place": "0", "done": "1"}
_STUDY = {"quota": "3", "minutes": "5", "scheme": Scheme.CLASS_EQUAL.value}
_ROW_PAGES: dict[str, Mapping[str, Any]] = {
    "dataset": data_page.ACTS,
    "basemodel": data_page.ACTS,
    "pool": pool_lists._ACTS,
}
_ACTS: dict[str, Mapping[str, Any] | None] = {
    **{f"admin/annotations/study/<int:study_id>/{page.name}/": page.acts for page in PAGES},
    **{f"admin/annotations/{name}/<path:object_id>/change/": acts for name, acts in _ROW_PAGES.items()},
}


@dataclass(frozen=True)
class Place:
    """Who sends, the address, and what the other fields say so that the view goes on to read each."""

    client: Client
    address: str
    fields: dict[str, str]

    def __str__(self) -> str:
        return f"{self.address} {self.fields.get('act', '')}"


def places(world: World) -> list[Place]:
    """Write the rows that forms are about, and people at each step of a visit; return every place of the site."""
    rows = _rows(world)
    found = [Place(client, path, _GIVEN | {"client_uuid": str(uuid.uuid4())}) for client, path in _visits(world)]
    for path, line in MATRIX.items():
        if line.post:
            person = next((who for who in (PARTICIPANT, ANONYMOUS) if line.post[who] == REACHED), OPERATOR)
            address = f"{world.address(path, line.given)}?{urlencode(rows)}"
            for act in _ACTS.get(path) or {"": None}:
                fields = _GIVEN | rows | {"client_uuid": str(uuid.uuid4()), "act": act}
                found.append(Place(world.clients[person], address, fields))
    return found


def _rows(world: World) -> dict[str, str]:
    """The rows that a form may be about, by the names of the fields that say which."""
    study = world.here[0]
    task, submission = study.tasks.get(), Submission.objects.filter(study=study, session__isnull=False).earliest("pk")
    done = {"study": study, "base_model": task.base_model, "state": JobState.DONE, "finished_at": timezone.now()}
    alarm = study.alarms.create(kind="worker_silent", message="Look.", raised_at=timezone.now())
    found = {
        "alarm": alarm.pk,
        "base_model": task.base_model_id,
        "batch": study.payment_batches.create(created_by="ada").pk,
        "correction": Correction.objects.create(**done, head=b"head").pk,
        "gathering": Gathering.objects.create(**done, items=[{"row": 3, "arm": "above", "of": 9}]).pk,
        "job": world.things["datasetimport"],
        "kind": "datasetimport",
        "one": owe(submission).pk,
        "participant": submission.pseudonym,
        "phrase": world.things["phrase"],
        "submission": submission.pk,
        "target": f"{task.base_model_id}:{task.target_class}",
    }
    return {**{name: str(value) for name, value in found.items()}, **_STUDY}


def _visits(world: World) -> Iterator[tuple[Client, str]]:
    """A browser at each step of a visit, and an expert's, with an address of that step."""
    model = world.here[0].tasks.get().base_model
    study = actors.open_study(actors.create_study(model, "steps", end_questions="How was it?"))
    yield actors.client_of(_entered(study, "consents")), "/visit/consent"
    learner = sessions.give_consent(_entered(study, "learns"))
    for page in ("", "/look", "/phrases"):
        yield actors.client_of(learner), f"/visit/tutorial{page}"
    checked = actors.do_tutorial(sessions.give_consent(_entered(study, "checks")))
    yield actors.client_of(checked), "/visit/check"
    done = actors.start_visit(study, "ends")
    add_phrase(done, "red", 0.5)
    assignments.end(done.assignment, EndReason.DONE)
    yield done.client, "/visit/end"
    experts = actors.open_study(experts_draft(model))
    erika = expert(experts)
    session = expert_visits.enter(experts, erika)
    picked = expert_visits.pick(session, experts.tasks.earliest("position"))
    for page in ("/visit/classes/pick", f"/visit/tasks/{picked.public_id}/move"):
        yield logged_in(erika, session), page


def _entered(study: Study, name: str) -> Any:
    return sessions.enter(study, participant_id=name, study_id=f"{study.slug}-outside", session_id=f"{name}-visit")


@contextmanager
def names_read() -> Iterator[set[str]]:
    """Collect the names of the fields that are read of a request."""
    names: set[str] = set()

    def noting(method: Callable[..., Any]) -> Callable[..., Any]:
        def noted(self: Any, name: Any, *rest: Any, **others: Any) -> Any:
            if isinstance(self, QueryDict):  # addresses are looked up in others
                names.add(name)
            return method(self, name, *rest, **others)

        return noted

    def append(self: Any, name: str, value: Any) -> None:  # Django's looks the name up: a form being filled
        dict.setdefault(self, name, []).append(value)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(QueryDict, "appendlist", append)
        for name in ("__getitem__", "_getlist", "__contains__"):
            patched.setattr(MultiValueDict, name, noting(getattr(MultiValueDict, name)), raising=False)
        yield names


@contextmanager
def written_texts(longer_than: int) -> Iterator[list[str]]:
    """Collect the statements that store a text of more characters."""
    found = []

    def noting(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        texts = [str(getattr(each, "obj", each)) for each in params or ()]
        if str(sql).startswith(("INSERT", "UPDATE")) and any(len(text) > longer_than for text in texts):
            found.append(str(sql)[:200])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noting):
        yield found


def names_in_code() -> dict[str, str]:
    """Each name that a view's own code reads of a form that was sent, and the file."""
    found: dict[str, str] = {}
    for path in Path(annotations.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Subscript(value=form, slice=ast.Constant(value=name)):
                    pass
                case ast.Call(
                    func=ast.Attribute(value=form, attr="get" | "getlist"), args=[ast.Constant(value=name), *_]
                ):
                    pass
                case ast.Compare(left=ast.Constant(value=name), comparators=[form]):
                    pass
                case _:
                    continue
            if ast.unparse(form) == "request.POST":
                found[str(name)] = path.name
    return found
