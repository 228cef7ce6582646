import uuid

import pytest
from django.http import QueryDict

from annotations.models import DeviceReport
from annotations.services.visits import device_reports
from annotations.views.visits.entry import reported


def test_each_start_adds_a_report(alice):
    for has_script in (True, False):
        device_reports.store(alice.session, DeviceReport(has_script=has_script))
    assert list(alice.session.device_reports.values_list("has_script", flat=True)) == [True, False]


def test_start_pressed_twice_on_one_page_reports_once(alice):
    def start(page):
        return device_reports.store(alice.session, DeviceReport(has_script=True, client_uuid=uuid.UUID(int=page)))

    first, again = start(5), start(5)
    assert first == again == alice.session.device_reports.get()
    start(6)
    assert alice.session.device_reports.count() == 2


def test_what_the_script_says_is_read():
    report = reported(QueryDict(f"device-script=yes&device-client_uuid={uuid.UUID(int=5)}"))
    assert (report.has_script, report.client_uuid) == (True, uuid.UUID(int=5))


@pytest.mark.parametrize("fields", ["", "device-script=", "device-script=maybe&device-client_uuid=5"])
def test_what_cannot_be_read_is_left_out(fields):
    report = reported(QueryDict(fields))
    assert (report.has_script, report.client_uuid) == (False, None)
