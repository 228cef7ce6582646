"""Reports of the devices on which a visit was begun or gone on with."""

from dataclasses import asdict, dataclass

from annotations.models import AnnotationSession, DeviceReport


@dataclass(frozen=True)
class Device:
    """What a browser says of itself; None where it says nothing. The fields of DeviceReport."""

    has_script: bool = False
    images_load: bool | None = None
    screen_width: int | None = None
    screen_height: int | None = None
    pixel_ratio: float | None = None
    touch: bool | None = None
    round_trip_ms: int | None = None


def store(session: AnnotationSession, device: Device) -> DeviceReport:
    """Add a report to the visit: one each time that its person comes by the study's link."""
    return DeviceReport.objects.create(session=session, **asdict(device))
