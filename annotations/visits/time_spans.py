"""Spans of time: what a browser reports of a visit, stored as it came."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from annotations.base.service_errors import StageMismatch
from annotations.log import events, visit_budgets
from annotations.log.visit_budgets import Budget
from annotations.models import AnnotationSession, Assignment, Span, SpanKind, event_kinds


@dataclass(frozen=True)
class Report:
    """One span in a browser's words: it began and ended so long ago, by the browser's clock when it sent this."""

    client_uuid: uuid.UUID
    opening: uuid.UUID
    kind: SpanKind
    began_ago: dt.timedelta
    ended_ago: dt.timedelta
    assignment: uuid.UUID | None = None
    image_key: str = ""


def store(session: AnnotationSession, reports: Sequence[Report]) -> None:
    """Store spans; one that is sent again is stored once, and taken from the visit's budget each time.

    Raises StageMismatch for a visit without consent, BudgetSpent.

    Of a visit that was withdrawn nothing is stored: a page that is still open somewhere goes on reporting.

    A browser's clock may be changed while a page is open: what would then end in the future ends now, what would begin
    before the visit begins with it. A span of an assignment that is not the visit's belongs to none.
    """
    if session.consented_at is None and not session.is_expert:
        raise StageMismatch
    now = timezone.now()
    with visit_budgets.within(session, Budget.SPANS, len(reports)) as is_kept:
        if not is_kept:
            return
        assignments: dict[uuid.UUID | None, Assignment] = {each.public_id: each for each in session.assignments.all()}
        sent = {report.client_uuid: report for report in reports}
        known = set(session.spans.filter(client_uuid__in=sent).values_list("client_uuid", flat=True))
        new = [report for client_uuid, report in sent.items() if client_uuid not in known]
        if not new:
            return
        spans = [_span(session, report, assignments.get(report.assignment), now) for report in new]
        Span.objects.bulk_create(spans)
        events.record(event_kinds.SPANS_REPORTED, session, *spans)


def _span(session: AnnotationSession, report: Report, assignment: Assignment | None, now: dt.datetime) -> Span:
    began_at, ended_at = (min(max(now - ago, session.created_at), now) for ago in (report.began_ago, report.ended_ago))
    return Span(
        session=session,
        assignment=assignment,
        client_uuid=report.client_uuid,
        opening=report.opening,
        kind=report.kind,
        image_key=report.image_key,
        began_at=min(began_at, ended_at),
        ended_at=ended_at,
        received_at=now,
    )
