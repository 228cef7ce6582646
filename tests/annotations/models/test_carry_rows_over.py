"""Migration 0036: a log of the version before tells of everything afterwards."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.models import BaseModel, Event, IdentityKey, Study
from annotations.services.logs import identities
from annotations.services.logs.event_payloads import Key
from annotations.services.logs.events import CHANGED, ROWS, SEALED_UNDER
from annotations.services.logs.replay import differences, replay, stored
from tests.annotations.whole import whole_study
from tests.benchmarks.many_visits import copy, plant

_migration = import_module("annotations.migrations.0036_carry_rows_over_into_the_log")
carry_over = _migration.carry_over
# What events of 0.5 carried, and the columns that they did not know.
TOLD = {"session", "assignment", "phrase", "score", "threshold_choice", "judgement", "run"}
UNKNOWN = {"session": {"person"}, "phrase": {"id"}, "run": {"assignment"}}
NEW = (
    "device_reported",
    "practice_tried",
    "check_tried",
    "spans_reported",
    "identity_destroyed",
    "reply_passed_over",
    "study_amended",
    "correction_trained",
    "correction_reviewed",
    "correction_undone",
)


@pytest.fixture
def old(base_model: BaseModel) -> Study:
    """The whole study with the log that 0.5 would have written of it."""
    study = whole_study(base_model)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")  # so the log can be changed
        Event.objects.filter(kind__in=NEW).delete()
        for event in Event.objects.order_by("pk"):
            _as_0_5_wrote_it(event)
        cursor.execute("SET LOCAL session_replication_role = origin")
    return study


def _as_0_5_wrote_it(event: Event) -> None:
    rows = event.payload.pop(ROWS, {})
    changed = {name: _known(name, of_table) for name, of_table in rows.items() if name in TOLD}
    key = IdentityKey.objects.filter(pk=event.payload.pop(SEALED_UNDER, None)).first()
    if changed:
        event.payload[CHANGED] = changed
    if key is not None and event.sealed is not None:
        personal = identities.unseal_under(bytes(key.sealed_key), bytes(event.sealed))
        old = {name: _known(name, of_table) for name, of_table in personal.items() if name in TOLD}
        event.sealed = identities.seal_under(bytes(key.sealed_key), old) if old else None
        if old:
            event.payload[SEALED_UNDER] = key.pk
    event.save()


def _known(name: str, rows: dict[Key, dict[str, Any]]) -> dict[str, Any]:
    """0.5 wrote the one row of each table without its key, which the ids in the payload said."""
    (row,) = rows.values()
    return {column: value for column, value in row.items() if column not in UNKNOWN.get(name, ())}


def test_the_log_of_before_lacks_what_it_did_not_carry(old: Study) -> None:
    found = differences(replay(old), stored(old))
    lacking = {line.split(" ")[0] for line in found if line.endswith("is stored, and not in the log")}
    assert {"span", "consent", "allocation", "practice", "check", "end", "participant", "correction"} <= lacking
    assert not lacking & {"session", "assignment", "phrase", "score", "run"}


def test_what_was_carried_over_makes_the_log_whole(old: Study) -> None:
    carry_over(apps, None)
    assert differences(replay(old), stored(old)) == []
    carried = Event.objects.filter(kind="carried_over")
    assert carried.count() == 1 + old.sessions.count()


def test_nothing_that_somebody_typed_is_carried_over_in_the_clear(old: Study) -> None:
    carry_over(apps, None)
    visits = Event.objects.filter(kind="carried_over").exclude(session=None)
    written = json.dumps(list(visits.values_list("payload", flat=True)), ensure_ascii=False)
    assert "large red" not in written and "Grüße" not in written
    kept = old.sessions.filter(participant__erased_at=None)
    assert not [name for name in kept.values_list("submission_key", flat=True) if name in written]


def test_where_no_key_is_left_the_plain_part_is_carried_over(old: Study) -> None:
    IdentityKey.objects.filter(study=old).delete()
    Study.objects.filter(pk=old.pk).update(pseudonym_key="")
    old.refresh_from_db()
    carry_over(apps, None)
    assert not IdentityKey.objects.filter(study=old).exists()
    assert differences(replay(old), stored(old)) == []


def test_more_visits_take_no_more_queries(draft_study: Study) -> None:
    plant(draft_study, 2, 3)
    carry_over(apps, None)  # makes the keys of the two
    with CaptureQueriesContext(connection) as few:
        carry_over(apps, None)
    copy(2, _migration.AT_ONCE - 2)
    with CaptureQueriesContext(connection) as many:
        carry_over(apps, None)
    new_keys = 2  # the statement that makes them, and the one that reads them back
    assert len(many) <= len(few) + new_keys
