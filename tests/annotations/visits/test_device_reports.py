import uuid

from annotations.visits import device_reports


def test_each_start_adds_a_report(alice):
    for has_script in (True, False):
        device_reports.store(alice.session, has_script=has_script)
    assert list(alice.session.device_reports.values_list("has_script", flat=True)) == [True, False]


def test_start_pressed_twice_on_one_page_reports_once(alice):
    def start(page):
        return device_reports.store(alice.session, has_script=True, client_uuid=uuid.UUID(int=page))

    first, again = start(5), start(5)
    assert first == again == alice.session.device_reports.get()
    start(6)
    assert alice.session.device_reports.count() == 2
