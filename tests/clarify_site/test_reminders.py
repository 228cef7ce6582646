"""Beat's reminders come every few seconds, whatever becomes of the machine's clock."""

import datetime as dt

import pytest
import time_machine
from celery import Celery
from celery.beat import ScheduleEntry
from celery.schedules import schedule

from clarify_site.reminders import Reminders

NOON = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_clock_that_is_set_stops_no_reminder_and_sends_none_twice(
    monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    sent: list[str] = []

    class Listening(Reminders):
        def apply_async(self, entry: ScheduleEntry, producer: object = None, advance: bool = True, **_: object) -> None:
            sent.append(str(entry.name))

    now = 100.0
    monkeypatch.setattr("clarify_site.reminders.time.monotonic", lambda: now)
    app = Celery("reminders", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {name: {"task": name, "schedule": schedule(2.0)} for name in ("score", "sweep")}
    with time_machine.travel(NOON, tick=False) as clock:
        beat = Listening(app=app, max_interval=300)
        for _ in range(40):
            now += beat.tick()
        before = sent.count("score")
        assert before == sent.count("sweep") > 5
        clock.move_to(NOON + dt.timedelta(minutes=minutes))
        until = now + 20
        while now < until:
            now += max(beat.tick(), 0.01)
    assert sent.count("score") - before in range(9, 12)
    assert sent.count("sweep") - before in range(9, 12)
