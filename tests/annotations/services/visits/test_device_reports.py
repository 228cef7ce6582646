import uuid
from dataclasses import asdict, replace

import pytest
from django.forms.models import model_to_dict
from django.http import QueryDict

from annotations.services.visits import device_reports
from annotations.services.visits.device_reports import Device
from annotations.views.visits.entry import reported

LAPTOP = Device(True, True, 1280, 800, 2.0, False, 12)


def test_each_start_adds_a_report(alice):
    for device in (LAPTOP, Device()):
        device_reports.store(alice.session, device)
    stored = [model_to_dict(report, exclude=["id", "session"]) for report in alice.session.device_reports.all()]
    assert stored == [asdict(LAPTOP), asdict(Device())]


def test_start_pressed_twice_on_one_page_reports_once(alice):
    device = replace(LAPTOP, client_uuid=uuid.UUID(int=5))
    first, again = (device_reports.store(alice.session, device) for _ in range(2))
    assert first == again == alice.session.device_reports.get()
    device_reports.store(alice.session, replace(LAPTOP, client_uuid=uuid.UUID(int=6)))
    assert alice.session.device_reports.count() == 2


def test_what_the_script_found_is_read():
    fields = "script=yes&images=yes&touch=no&width=1280&height=800&ratio=2&milliseconds=12"
    assert reported(as_posted(fields)) == LAPTOP


@pytest.mark.parametrize(
    "fields", ["", "width=x", "width=-1&height=99999999999", "images=maybe&ratio=nan", "script=", "milliseconds=1e9"]
)
def test_what_cannot_be_read_is_left_out(fields):
    assert reported(as_posted(fields)) == Device()


def as_posted(fields: str) -> QueryDict:
    return QueryDict("&".join(f"device-{field}" for field in fields.split("&")))
