"""How time was spent is stored as the browser says it, once, and never changed."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from annotations.base.service_errors import StageMismatch
from annotations.models import Event, Span, SpanKind
from annotations.visits import sessions, time_spans
from annotations.visits.time_spans import Report
from tests.support.actors import Visit


def report(kind: SpanKind = SpanKind.VISIBLE, began: float = 0, ended: float = 0, **fields: Any) -> Report:
    """A span that began and ended so many seconds ago."""
    return Report(
        client_uuid=uuid.uuid4(),
        opening=uuid.UUID(int=1),
        kind=kind,
        began_ago=dt.timedelta(seconds=began),
        ended_ago=dt.timedelta(seconds=ended),
        **fields,
    )


def entered_earlier(visit: Visit) -> None:
    visit.session.created_at = timezone.now() - dt.timedelta(minutes=10)
    visit.session.save()


def test_times_are_the_servers(alice: Visit) -> None:
    entered_earlier(alice)
    time_spans.store(alice.session, [report(SpanKind.HIDDEN, began=30, ended=10)])
    span = Span.objects.get()
    assert span.received_at - span.began_at == dt.timedelta(seconds=30)
    assert span.received_at - span.ended_at == dt.timedelta(seconds=10)
    assert (span.kind, span.session) == ("hidden", alice.session)


def test_a_span_that_is_sent_again_is_stored_once(alice: Visit) -> None:
    sent = [report(), report(SpanKind.IDLE)]
    for _ in range(2):
        time_spans.store(alice.session, sent)
    time_spans.store(alice.session, [*sent, report(SpanKind.WAITING)])
    assert sorted(Span.objects.values_list("kind", flat=True)) == ["idle", "visible", "waiting"]


def test_spans_that_overlap_are_kept_as_they_came(alice: Visit) -> None:
    entered_earlier(alice)
    time_spans.store(alice.session, [report(began=60), report(SpanKind.OFFLINE, began=40, ended=20), report(began=50)])
    assert Span.objects.count() == 3


def test_a_clock_that_was_changed_puts_nothing_in_the_future_or_before_the_visit(alice: Visit) -> None:
    time_spans.store(alice.session, [report(began=3600, ended=-3600)])
    span = Span.objects.get()
    assert span.began_at == alice.session.created_at
    assert span.ended_at == span.received_at


def test_a_span_that_ends_before_it_begins_has_no_length(alice: Visit) -> None:
    entered_earlier(alice)
    time_spans.store(alice.session, [report(began=5, ended=9)])
    span = Span.objects.get()
    assert span.began_at == span.ended_at


def test_a_span_names_an_assignment_of_its_own_visit_only(alice: Visit, bob: Visit) -> None:
    own, others = alice.assignment.public_id, bob.assignment.public_id
    time_spans.store(alice.session, [report(assignment=own), report(assignment=others), report()])
    assert list(Span.objects.order_by("pk").values_list("assignment", flat=True)) == [alice.assignment.pk, None, None]


def test_a_report_is_one_event_that_carries_what_is_new(alice: Visit) -> None:
    first, second = report(began=9, ended=8), report(SpanKind.IDLE, began=8, assignment=alice.assignment.public_id)
    time_spans.store(alice.session, [first, first])
    time_spans.store(alice.session, [first, second])
    time_spans.store(alice.session, [first, second])
    reported = Event.objects.filter(kind="spans_reported").order_by("pk")
    keys = [list(event.payload["changed_rows"]["span"]) for event in reported]
    assert keys == [[f"{alice.session.pk} / {each.client_uuid}"] for each in (first, second)]
    assert {event.sealed for event in reported} == {None}
    assert Span.objects.count() == 2


def test_nothing_is_stored_of_someone_who_has_not_consented(open_study: Any) -> None:
    session = sessions.enter(open_study, participant_id="p", study_id="s", session_id="v")
    with pytest.raises(StageMismatch):
        time_spans.store(session, [report()])
    assert not Span.objects.exists()


@pytest.mark.parametrize("change", [lambda rows: rows.update(kind="idle"), lambda rows: rows.delete()])
def test_a_span_cannot_be_changed_or_deleted(alice: Visit, change: Any) -> None:
    time_spans.store(alice.session, [report()])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(Span.objects.all())
    assert Span.objects.get().kind == "visible"


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("span_kind_known", {"kind": "asleep"}),
        ("span_times_in_order", {"began_at": dt.timedelta(seconds=2), "ended_at": dt.timedelta(seconds=1)}),
        ("span_times_in_order", {"ended_at": dt.timedelta(hours=1)}),
        ("span_has_image_where_enlarged", {"kind": "enlarged"}),
        ("span_has_image_where_enlarged", {"image_key": "0" * 24}),
    ],
)
def test_what_must_never_be_false_is_a_constraint(alice: Visit, constraint: str, fields: dict[str, Any]) -> None:
    now = timezone.now()
    good = {"session": alice.session, "client_uuid": uuid.uuid4(), "opening": uuid.uuid4(), "kind": "visible"}
    times = {"began_at": now, "ended_at": now, "received_at": now}
    changed = {name: now + value if isinstance(value, dt.timedelta) else value for name, value in fields.items()}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Span.objects.create(**{**good, **times, **changed})
