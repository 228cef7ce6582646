import uuid

import pytest
from django.db import DatabaseError, transaction

from annotations.log import events
from annotations.models import Event, event_kinds
from tests.support.steps import end, submit_and_score


def test_an_event_is_recorded_with_its_payload(alice):
    events.record(event_kinds.STUDY_PAUSED, alice.session.study, by="coordinator", row=uuid.UUID(int=1))
    event = Event.objects.latest("id")
    assert (event.kind, event.session) == ("study_paused", None)
    assert event.payload == {"by": "coordinator", "row": "00000000-0000-0000-0000-000000000001"}


def test_an_unknown_kind_is_a_fault_of_the_caller(alice):
    with pytest.raises(ValueError, match="tea_break"):
        events.record("tea_break", alice.session.study)


@pytest.mark.parametrize("name", ["changed_rows", "sealed_under"])
def test_what_images_say_is_no_part_of_a_payload(alice, name):
    with pytest.raises(ValueError, match="reserved for the rows"):
        events.record(event_kinds.STUDY_PAUSED, alice.session.study, **{name: {}})


def test_something_personal_names_the_visit_of_its_person(alice):
    with pytest.raises(ValueError, match="must name a visit"):
        events.record(event_kinds.PHRASE_SUBMITTED, alice.session.study, alice.session)


def test_the_log_tells_what_happened_in_order(alice):
    last_before = Event.objects.latest("id").pk
    submit_and_score(alice, "red", "blue")
    end(alice)
    since = Event.objects.filter(session=alice.session, pk__gt=last_before)
    assert list(since.values_list("kind", flat=True)) == [
        "phrase_submitted",
        "phrase_submitted",
        "phrase_scored",
        "phrase_scored",
        "assignment_ended",
        "run_planned",
        "run_planned",
        "run_refused",
    ]


@pytest.mark.parametrize("change", [lambda events: events.update(kind="x"), lambda events: events.delete()])
def test_an_event_cannot_be_changed_or_deleted(alice, change):
    events.record(event_kinds.STUDY_PAUSED, alice.session.study)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(Event.objects.all())
    assert Event.objects.filter(kind="study_paused").count() == 1
