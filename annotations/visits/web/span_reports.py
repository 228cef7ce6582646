"""The report of how time was spent, which a page's script sends now and then."""

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from annotations.models import AnnotationSession, SpanKind, Stage
from annotations.models.span import IMAGE_KEY_LENGTH
from annotations.pages.current_visit import in_visit
from annotations.visits import time_spans
from clarify_errors.arrays.common.safe_text import read_json

MAX_PER_REPORT = 200
_MAX_AGO_MS = 14 * 24 * 3600 * 1000  # what a browser kept while the network was gone
_IMAGE_KEY = re.compile(rf"[0-9a-f]{{{IMAGE_KEY_LENGTH}}}")


@require_POST
@in_visit(*Stage)
def report_spans(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Store the spans in the field `spans` (JSON); nothing is shown."""
    try:
        rows = read_json(request.POST.get("spans", ""))
        if not isinstance(rows, list) or len(rows) > MAX_PER_REPORT:
            raise BadRequest("spans must be a list of at most 200")
        reports = [_report(row) for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest("a span is invalid") from error
    time_spans.store(session, reports)
    return HttpResponse(status=204)


def _report(row: Mapping[str, Any]) -> time_spans.Report:
    kind, image_key = SpanKind(row["kind"]), str(row.get("image") or "")
    if not (_IMAGE_KEY.fullmatch(image_key) if kind == SpanKind.ENLARGED else image_key == ""):
        raise ValueError("only a span of an enlarged image may have a key, and it must have one")
    assignment = row.get("assignment")
    return time_spans.Report(
        client_uuid=uuid.UUID(str(row["uuid"])),
        opening=uuid.UUID(str(row["opening"])),
        kind=kind,
        began_ago=_ago(row["began_ago_ms"]),
        ended_ago=_ago(row["ended_ago_ms"]),
        assignment=uuid.UUID(str(assignment)) if assignment else None,
        image_key=image_key,
    )


def _ago(milliseconds: Any) -> dt.timedelta:
    if not isinstance(milliseconds, int) or abs(milliseconds) > _MAX_AGO_MS:
        raise ValueError("the span began before any visit")
    return dt.timedelta(milliseconds=milliseconds)
