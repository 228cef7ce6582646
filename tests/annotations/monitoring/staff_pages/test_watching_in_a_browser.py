"""The live page, members, audit log and second factor in a real browser, under the site's content policy."""

import datetime as dt
import re
import uuid

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotations.log import audit
from annotations.models import Alarm, AnnotationSession, EndReason, Phrase, Role, Score, Span, SpanKind, Study
from annotations.monitoring.queue_health import workers
from annotations.phrases import assignments
from annotations.queue.heartbeats import store_heartbeat
from annotations.staff import members
from annotations.visits import sessions
from tests.annotations.pages.test_in_a_browser import shoot, sign_in
from tests.support.accessibility import overhang
from tests.support.actors import Visit, start_visit
from tests.support.chromium import Chromium
from tests.support.pages_in_chromium import page_without_complaints
from tests.support.rows import add_phrase
from tests.support.second_factor import code_from

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def busy(open_study: Study, alice: Visit, bob: Visit) -> Study:
    """A study with people at several steps, an hour of phrases, a silent queue and an alarm."""
    now = timezone.now()
    store_heartbeat([row.queue for row in workers(now) if row.queue != "retrain"], now, process="a:1", started_at=now)
    for i in range(3):
        session = sessions.enter(open_study, participant_id=f"p{i}", study_id="s", session_id=f"v{i}")
        sessions.give_consent(session)
    visits = [alice, bob, *(start_visit(open_study, f"person-{i}") for i in range(4))]
    for i in range(40):
        phrase = add_phrase(visits[i % 6], f"word {i}", 0.5)
        at = now - dt.timedelta(minutes=(i * i) % 57)
        Phrase.objects.filter(pk=phrase.pk).update(submitted_at=at)
        Score.objects.filter(phrase=phrase).update(scored_at=at + dt.timedelta(milliseconds=300))
    for visit in visits:
        began = now - dt.timedelta(minutes=3)
        ids = {"client_uuid": uuid.uuid4(), "opening": uuid.uuid4()}
        Span.objects.create(
            session=visit.session, kind=SpanKind.VISIBLE, began_at=began, ended_at=now, received_at=now, **ids
        )
    for visit in visits[:3]:
        assignments.end(visit.assignment, EndReason.DONE)
        sessions.finish(AnnotationSession.objects.get(pk=visit.session.pk))
    Study.objects.filter(pk=open_study.pk).update(quota=40)
    message = "No worker serves the queue “retrain”, and none ever has."
    Alarm.objects.create(study=open_study, kind="silent_retrain", message=message, raised_at=now)
    return open_study


def test_the_live_page_follows_the_study_by_itself(
    live_server: LiveServer, chromium: Chromium, coordinator: User, busy: Study
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/study/{busy.pk}/monitor/")
        page.get_by_role("heading", name="People by step").wait_for()
        shoot(page, "admin-monitor")
        page.evaluate("window.notReloaded = true")
        page.locator("#again").focus()
        Alarm.objects.create(study=busy, kind="dropout", message="Half of them left.", raised_at=timezone.now())
        expect(page.get_by_text("Half of them left.")).to_be_visible()
        assert page.evaluate("window.notReloaded")
        assert page.evaluate("document.activeElement.id") == "again"
        page.get_by_role("button", name="Acknowledge").first.click()
        expect(page.get_by_text("acknowledged by coordinator").first).to_be_visible()
        page.set_viewport_size({"width": 400, "height": 860})
        assert overhang(page) == 0


def test_members_and_the_audit_log(live_server: LiveServer, chromium: Chromium, coordinator: User, busy: Study) -> None:
    User.objects.create_user("ann", is_staff=True)
    User.objects.create_user("bert", is_staff=True)
    members.add(busy, "ann", Role.COORDINATOR, by="coordinator")
    audit.record("request_return", busy, by="ann", subject="PABCDEFGHIJK", reason="The link had expired.")
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/annotations/study/{busy.pk}/members/")
        page.get_by_label("Name of the account").fill("bert")
        page.get_by_label("Role", exact=True).select_option("analyst")
        page.get_by_role("button", name="Give the role").click()
        page.get_by_role("row", name=re.compile("bert")).wait_for()
        shoot(page, "admin-members")
        page.get_by_role("link", name="audit log", exact=True).click()
        page.get_by_role("rowheader", name="role given").first.wait_for()
        page.get_by_label("By", exact=True).select_option("ann")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("#content-main").get_by_role("rowheader")).to_have_text(["request return"])
        page.set_viewport_size({"width": 400, "height": 860})
        assert overhang(page) == 0


def test_a_second_factor_is_switched_on_and_asked_for(
    live_server: LiveServer, chromium: Chromium, coordinator: User
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/")
        page.locator("#user-tools summary").click()
        page.get_by_role("link", name="Two-factor sign-in").click()
        page.get_by_role("img", name="QR code for an authenticator app").wait_for()
        page.get_by_label("Code of six digits").fill(code_from(page.locator("code").first.inner_text()))
        page.get_by_role("button", name="Switch on").click()
        recovery = page.locator(".codes code").first.inner_text()
        page.get_by_role("link", name="I have kept them").click()
        page.locator("#user-tools summary").click()
        page.get_by_role("button", name="Log out").click()
        page.goto(f"{live_server.url}/admin/login/")
        page.get_by_label("Username").fill("coordinator")
        page.get_by_label("Password").fill("a long password for tests")
        page.get_by_label(re.compile("^Code")).fill(recovery)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Studies", exact=True).wait_for()
