"""Reports of the devices on which a visit was begun or gone on with."""

import uuid
from dataclasses import asdict, dataclass

from annotations.models import AnnotationSession, DeviceReport, event_kinds
from annotations.services.common import visit_budgets
from annotations.services.common.visit_budgets import Budget
from annotations.services.logs import events


@dataclass(frozen=True)
class Device:
    """What a browser says of itself; None where it says nothing. The fields of DeviceReport.

    client_uuid: of the page on which Start was pressed.
    """

    has_script: bool = False
    images_load: bool | None = None
    screen_width: int | None = None
    screen_height: int | None = None
    pixel_ratio: float | None = None
    touch: bool | None = None
    round_trip_ms: int | None = None
    client_uuid: uuid.UUID | None = None


def store(session: AnnotationSession, device: Device) -> DeviceReport | None:
    """Add a report to the visit: one each time that its person comes by the study's link, none once they withdrew.

    Start that is pressed twice on one page reports once. Raises BudgetSpent.
    """
    with visit_budgets.within(session, Budget.STARTS) as is_kept:
        return _store(session, device) if is_kept else None


def _store(session: AnnotationSession, device: Device) -> DeviceReport:
    if device.client_uuid is not None:
        stored = session.device_reports.filter(client_uuid=device.client_uuid).first()
        if stored is not None:
            return stored
    report = DeviceReport.objects.create(session=session, **asdict(device))
    events.record(event_kinds.DEVICE_REPORTED, session, report)
    return report
