"""The phrases that versions up to 0.17 wrote beside a correction's annotations leave its row and the log."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from annotations.log import events
from annotations.models import Correction, Event, JobState, Study, event_kinds
from tests.support.actors import SQUARE, Visit
from tests.support.rows import add_phrase

pytestmark = pytest.mark.django_db

MIGRATION = import_module("annotations.migrations.0061_no_words_in_events_of_corrections")


def test_the_words_go_and_the_log_is_append_only_again(open_study: Study, alice: Visit) -> None:
    phrase = add_phrase(alice, "crimson", 0.5)
    correction = Correction.objects.create(
        study=open_study,
        base_model=phrase.assignment.task.base_model,
        ablations=[{"class": SQUARE, "phrase": "crimson", "sets": []}],
        head=b"head",
        state=JobState.DONE,
        finished_at=timezone.now(),
        requested_by="ada",
    )
    part = correction.parts.create(score=phrase.score, target_class=SQUARE, threshold=0.1)
    events.record(event_kinds.CORRECTION_TRAINED, open_study, correction, part)
    others = dict(Event.objects.exclude(kind=event_kinds.CORRECTION_TRAINED).values_list("pk", "payload"))
    with connection.schema_editor() as editor:
        MIGRATION.leave_out_words(apps, editor)
    correction.refresh_from_db()
    event = Event.objects.get(kind=event_kinds.CORRECTION_TRAINED)
    row = event.payload[events.ROWS]["correction"][str(correction.public_id)]
    assert correction.ablations == row["ablations"] == [{"class": SQUARE, "sets": []}]
    assert "crimson" not in str(event.payload)
    assert dict(Event.objects.exclude(pk=event.pk).values_list("pk", "payload")) == others
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(payload={})
