"""Reports of the devices on which a visit was begun or gone on with."""

from annotations.models import AnnotationSession, DeviceReport, event_kinds
from annotations.services.common import visit_budgets
from annotations.services.common.visit_budgets import Budget
from annotations.services.logs import events


def store(session: AnnotationSession, report: DeviceReport) -> DeviceReport | None:
    """Add a new report to the visit: one each time that its person comes by the study's link, none once they withdrew.

    Start that is pressed twice on one page reports once. Raises BudgetSpent.
    """
    with visit_budgets.within(session, Budget.STARTS) as is_kept:
        if not is_kept:
            return None
        of_page = session.device_reports.filter(client_uuid=report.client_uuid)  # on which Start was pressed
        if report.client_uuid is not None and (stored := of_page.first()):
            return stored
        report.session = session
        report.save()
        events.record(event_kinds.DEVICE_REPORTED, session, report)
        return report
