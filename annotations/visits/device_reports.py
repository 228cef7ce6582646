"""Reports of the devices on which a visit was begun or gone on with."""

import uuid

from annotations.log import events, visit_budgets
from annotations.log.visit_budgets import Budget
from annotations.models import AnnotationSession, DeviceReport, event_kinds


def store(session: AnnotationSession, *, has_script: bool, client_uuid: uuid.UUID | None = None) -> DeviceReport | None:
    """Add a report to the visit: one each time that its person comes by the study's link, none once they withdrew.

    client_uuid: of the page on which Start was pressed; pressed twice there it reports once. Raises BudgetSpent.
    """
    with visit_budgets.within(session, Budget.STARTS) as is_kept:
        if not is_kept:
            return None
        if client_uuid is not None and (stored := session.device_reports.filter(client_uuid=client_uuid).first()):
            return stored
        report = DeviceReport.objects.create(session=session, has_script=has_script, client_uuid=client_uuid)
        events.record(event_kinds.DEVICE_REPORTED, session, report)
        return report
