"""Alarms by e-mail: sent once to a real SMTP server, tried again with patience, told where it fails."""

import datetime as dt
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from annotations.base.emails import NotificationFailed
from annotations.models import Alarm, BaseModel, Study
from annotations.monitoring import alarms
from tests.support.actors import create_study

SECOND = dt.timedelta(seconds=1)
ADDRESS = "team@example.org"


@pytest.fixture
def alarm(open_study: Study) -> Alarm:
    open_study.alarm_email = "team@example.org"
    open_study.save()
    return Alarm.objects.create(study=open_study, kind="dropout", message="Many left.", raised_at=timezone.now())


class _Sink(socketserver.StreamRequestHandler):
    """Takes one message as RFC 5321 has it, and keeps what it was told."""

    def handle(self) -> None:
        server: Any = self.server
        self.wfile.write(b"220 sink\r\n")
        for line in self.rfile:
            server.lines.append(line.decode().rstrip())
            word = line.upper().split()[0] if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (data := self.rfile.readline()) != b".\r\n":
                    server.lines.append(data.decode().rstrip())
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                return


@pytest.fixture
def smtp(settings) -> Iterator[list[str]]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Sink) as server:
        server.lines = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        settings.SENDS_EMAIL = True
        yield server.lines  # type: ignore[attr-defined]
        server.shutdown()


def test_an_alarm_arrives_by_mail(alarm: Alarm, smtp: list[str], settings) -> None:
    alarms.send(alarm)
    text = "\n".join(smtp)
    assert "RCPT TO:<team@example.org>" in text.replace("rcpt", "RCPT").replace("RCPT TO: <", "RCPT TO:<")
    assert "Subject: Clarify: The sprites study: dropout" in text
    assert "Many left." in text
    assert f"{settings.SITE_URL}/admin/annotations/study/{alarm.study_id}/monitor/" in text


def test_a_mail_server_that_is_down_is_told_as_such(alarm: Alarm, smtp: list[str], settings) -> None:
    settings.EMAIL_PORT = 1
    with pytest.raises(NotificationFailed, match="ConnectionRefusedError"):
        alarms.send(alarm)


def test_a_site_without_a_mail_server_says_so(alarm: Alarm, settings) -> None:
    settings.SENDS_EMAIL = False
    with pytest.raises(NotificationFailed, match="EMAIL_URL"):
        alarms.send(alarm)


def test_a_title_cannot_write_lines_into_the_head(alarm: Alarm, smtp: list[str]) -> None:
    alarm.study.title = "Birds\r\nBcc: all@example.org"
    with pytest.raises(NotificationFailed, match="BadHeaderError"):
        alarms.send(alarm)


# -- How often -----------------------------------------------------------------------------------------------------


def raised(study: Study, address: str = ADDRESS) -> Alarm:
    Study.objects.filter(pk=study.pk).update(alarm_email=address)
    return Alarm.objects.create(study=study, kind="dropout", message="Many left.", raised_at=timezone.now())


class Sender:
    """Stands for the mail server: fails as often as it is told to, and counts its calls."""

    def __init__(self) -> None:
        self.failures = self.calls = 0

    def __call__(self, alarm: Alarm) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise NotificationFailed("it is down")


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> Sender:
    found = Sender()
    monkeypatch.setattr(alarms, "send", found)
    return found


def test_an_alarm_is_sent_once(open_study: Study, sender: Sender) -> None:
    alarm = raised(open_study)
    now = timezone.now()
    assert [alarms.notify_due(now), alarms.notify_due(now + SECOND)] == [1, 0]
    assert sender.calls == 1
    alarm.refresh_from_db()
    assert (alarm.notified_at, alarm.leased_until) == (now, None)


def test_one_that_failed_is_tried_again_and_later_each_time(open_study: Study, sender: Sender) -> None:
    sender.failures = 2
    alarm = raised(open_study)
    told = [alarms.notify_due(alarm.raised_at + after * SECOND) for after in (0, 14, 15, 44, 45)]
    assert told == [0, 0, 0, 0, 1]
    assert sender.calls == 3
    alarm.refresh_from_db()
    assert alarm.last_error == ""


def test_after_some_tries_nobody_is_told_any_more_and_the_reason_stays(open_study: Study, sender: Sender) -> None:
    sender.failures = 1000
    alarm = raised(open_study)
    for hour in range(20):
        alarms.notify_due(alarm.raised_at + hour * dt.timedelta(hours=1))
    assert sender.calls == alarms.MAX_ATTEMPTS
    alarm.refresh_from_db()
    assert (alarm.notified_at, alarm.last_error) == (None, "it is down")


def test_without_an_address_the_page_is_enough(open_study: Study, sender: Sender) -> None:
    raised(open_study, address="")
    assert alarms.notify_due(timezone.now()) == 1
    assert sender.calls == 0


def test_one_study_that_cannot_be_told_keeps_no_other_from_it(
    open_study: Study, sender: Sender, base_model: BaseModel
) -> None:
    sender.failures = 1
    raised(open_study)
    raised(create_study(base_model, "other"))
    assert alarms.notify_due(timezone.now()) == 1
