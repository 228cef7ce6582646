"""Reports of the devices on which a visit was begun or gone on with."""

import uuid
from dataclasses import asdict, dataclass

from django.db import transaction

from annotations.models import AnnotationSession, DeviceReport, event_kinds
from annotations.services.logs import events
from annotations.services.logs.event_payloads import row_state
from annotations.services.visits import withdrawal


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


@transaction.atomic
def store(session: AnnotationSession, device: Device) -> DeviceReport | None:
    """Add a report to the visit: one each time that its person comes by the study's link, none once they withdrew.

    Start that is pressed twice on one page reports once.
    """
    if withdrawal.is_withdrawn(session):
        return None
    if device.client_uuid is not None:
        stored = session.device_reports.filter(client_uuid=device.client_uuid).first()
        if stored is not None:
            return stored
    report = DeviceReport.objects.create(session=session, **asdict(device))
    events.record(event_kinds.DEVICE_REPORTED, study=session.study, session=session, states=[row_state(report)])
    return report
