import uuid

import pytest
from django.forms.models import model_to_dict
from django.http import QueryDict

from annotations.models import DeviceReport
from annotations.services.visits import device_reports
from annotations.views.visits.entry import reported

NOTHING = {
    "has_script": False,
    **dict.fromkeys(("images_load", "screen_width", "screen_height", "pixel_ratio", "touch", "round_trip_ms")),
    "client_uuid": None,
}
LAPTOP = {
    **NOTHING,
    "has_script": True,
    "images_load": True,
    "screen_width": 1280,
    "screen_height": 800,
    "pixel_ratio": 2.0,
    "touch": False,
    "round_trip_ms": 12,
}


def said_by(report):
    return model_to_dict(report, exclude=["id", "session"])


def test_each_start_adds_a_report(alice):
    for said in (LAPTOP, NOTHING):
        device_reports.store(alice.session, DeviceReport(**said))
    assert list(map(said_by, alice.session.device_reports.all())) == [LAPTOP, NOTHING]


def test_start_pressed_twice_on_one_page_reports_once(alice):
    def start(page):
        return device_reports.store(alice.session, DeviceReport(**{**LAPTOP, "client_uuid": uuid.UUID(int=page)}))

    first, again = start(5), start(5)
    assert first == again == alice.session.device_reports.get()
    start(6)
    assert alice.session.device_reports.count() == 2


def test_what_the_script_found_is_read():
    fields = "script=yes&images=yes&touch=no&width=1280&height=800&ratio=2&milliseconds=12"
    assert said_by(reported(as_posted(fields))) == LAPTOP


@pytest.mark.parametrize(
    "fields", ["", "width=x", "width=-1&height=99999999999", "images=maybe&ratio=nan", "script=", "milliseconds=1e9"]
)
def test_what_cannot_be_read_is_left_out(fields):
    assert said_by(reported(as_posted(fields))) == NOTHING


def as_posted(fields: str) -> QueryDict:
    return QueryDict("&".join(f"device-{field}" for field in fields.split("&")))
