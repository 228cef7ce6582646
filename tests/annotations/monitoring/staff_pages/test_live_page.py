"""The live page."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import Alarm, Phrase, Role, Study
from annotations.monitoring.staff_pages.live_page import HEIGHT, seen_of, sparkline
from tests.support.actors import Visit, create_study, start_visit
from tests.support.rows import add_phrase
from tests.support.views_pages import tree


def page(study: Study) -> str:
    return f"/admin/annotations/study/{study.pk}/monitor/"


@pytest.fixture
def alarm(open_study: Study) -> Alarm:
    return Alarm.objects.create(
        study=open_study,
        kind="dropout",
        message="<b>Many</b> left.",
        raised_at=timezone.now(),
        last_error="email: down",
    )


@pytest.mark.usefixtures("stopped_clock")
def test_it_shows_people_queues_and_alarms(
    coordinator_client: Client, open_study: Study, alice: Visit, alarm: Alarm
) -> None:
    phrase = add_phrase(alice, "red")
    Phrase.objects.filter(pk=phrase.pk).update(submitted_at=timezone.now() - dt.timedelta(seconds=75))
    shown = tree(coordinator_client.get(page(open_study)))
    live = shown.select_one("#monitor")
    assert live is not None and live["data-live"] == "5"
    assert "the oldest for 75 s" in live.text
    assert "<b>Many</b> left." in live.text and "The notification failed: email: down" in live.text
    assert len(live.select("svg.sparkline rect")) == 1
    assert not live.select("[style]")
    assert live.select_one(f'a[href="{page(open_study)}"]')  # without JavaScript


def test_an_alarm_stands_on_the_overview_too(coordinator_client: Client, open_study: Study, alarm: Alarm) -> None:
    shown = coordinator_client.get(f"/admin/annotations/study/{open_study.pk}/change/").content.decode()
    assert "&lt;b&gt;Many&lt;/b&gt; left." in shown


def test_a_coordinator_takes_note_and_an_analyst_does_not(
    coordinator_client: Client, open_study: Study, alarm: Alarm, client: Client
) -> None:
    analyst = User.objects.create_user("analyst", is_staff=True)
    open_study.members.create(user=analyst, role=Role.ANALYST)
    client.force_login(analyst)
    assert "Acknowledge" not in client.get(page(open_study)).content.decode()
    assert client.post(page(open_study), {"alarm": alarm.pk}).status_code == 404
    assert coordinator_client.post(page(open_study), {"alarm": alarm.pk}).status_code == 302
    alarm.refresh_from_db()
    assert alarm.acknowledged_by == "coordinator"
    assert "acknowledged by coordinator" in client.get(page(open_study)).content.decode()


def test_an_alarm_of_another_study_is_not_found(
    coordinator_client: Client, open_study: Study, draft_study: Study, alarm: Alarm, base_model
) -> None:
    other = create_study(base_model, "other")
    assert coordinator_client.post(page(other), {"alarm": alarm.pk}).status_code == 404
    assert coordinator_client.post(page(open_study), {"alarm": "x" * 40}).status_code == 404


def test_what_is_seen_of_a_study_with_somebody_inside(open_study: Study, alice: Visit, alarm: Alarm) -> None:
    seen = seen_of(open_study, timezone.now())
    assert (seen["flow"].people.steps[0].label, sum(step.here for step in seen["flow"].people.steps)) == ("Consent", 1)
    assert len(seen["phrases_by_minute"]) == 60
    assert next((row.n, row.oldest_s) for row in seen["waiting"] if row.what == "phrases") == (0, 0.0)
    assert (seen["budget"].left, seen["budget"].share) == (1, None)
    assert [row.kind for row in seen["alarms"]] == ["dropout"]
    assert [(cell.condition, cell.order, cell.live, cell.completed) for cell in seen["cells"]] == [(None, 0, 1, 0)]
    assert (seen["quota"], seen["taken"]) == (None, 1)


def test_it_asks_as_much_of_the_database_for_many_people_as_for_one(
    coordinator_client: Client, open_study: Study, alice: Visit
) -> None:
    def n_queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            coordinator_client.get(page(open_study))
        return len(captured)

    n_queries()  # content types and such are asked for once
    one = n_queries()
    for i in range(5):
        add_phrase(start_visit(open_study, f"person-{i}"), "red", 0.5)
    assert n_queries() == one


def test_the_fullest_minute_is_as_high_as_the_drawing() -> None:
    bars = list(sparkline([0, 2, 4]))
    assert bars == [(0, HEIGHT, 0, 0), (4, HEIGHT / 2, HEIGHT / 2, 2), (8, 0, HEIGHT, 4)]
    assert [high for _, _, high, _ in sparkline([0, 0])] == [0, 0]
