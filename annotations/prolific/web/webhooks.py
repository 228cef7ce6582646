"""Where Prolific's webhooks arrive."""

import datetime as dt
import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from annotations.prolific import webhook_events as webhooks
from annotations.prolific_client import hook_signatures
from annotations.prolific_client.hook_signatures import HookNotSigned, SignatureStale
from annotations.prolific_client.payloads import moment
from clarify_errors.arrays.common.safe_text import BadJson, UnsafeText, is_safe, read_json

LARGEST_BODY = 64 * 1024  # bytes
MAX_EVENT_ID_LENGTH = 100
UNREADABLE = "unreadable"  # an effect beside those of `webhooks.take`, of which no row is stored
WHOLE_SECOND = dt.timedelta(seconds=1)  # a signature's time has no fractions

logger = logging.getLogger(__name__)


class HookRefused(Exception):
    """A request that is answered with an error of the API's one shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(message)


class HookUnreadable(Exception):
    """What Prolific signed is nothing that this site can take in, now or when it comes again."""


@csrf_exempt
@never_cache
def prolific_webhook(request: HttpRequest) -> HttpResponse:
    """Take in one webhook: 200 with what came of it, once it is stored. Anything else makes Prolific send it again.

    So a signed one whose body cannot be read is acknowledged and noted in the log: it would come again as it is. What
    it may have said of a submission or a study the poll brings.
    """
    try:
        effect = webhooks.take(*_delivery(request))
    except HookRefused as refusal:
        logger.warning("webhook rejected: %s", refusal.code)
        error = {"code": refusal.code, "message": refusal.message}
        headers = {"Allow": "POST"} if refusal.status == 405 else None
        return JsonResponse({"error": error}, status=refusal.status, headers=headers)
    except HookUnreadable:
        logger.warning("webhook acknowledged and left out: signed, but no JSON object of texts that can be stored")
        effect = UNREADABLE
    return JsonResponse({"effect": effect})


def _delivery(request: HttpRequest) -> tuple[str, str, dt.datetime, dict[str, Any]]:
    """The id, type, time and body of a request's webhook, its signature checked first.

    Raises HookRefused, and HookUnreadable for a signed body that is no object.
    """
    if request.method != "POST":
        raise HookRefused(405, "method_not_allowed", "This address accepts only POST.")
    if not settings.PROLIFIC_WEBHOOK_SECRET:
        raise HookRefused(404, "not_found", "This site accepts no webhooks because PROLIFIC_WEBHOOK_SECRET is not set.")
    raw = _raw_body(request)
    signed_at = _signed_at(request, raw)
    event_id = request.headers.get("X-Event-ID", "").strip()
    if not event_id or len(event_id) > MAX_EVENT_ID_LENGTH or not is_safe(event_id):
        raise HookRefused(400, "malformed", "X-Event-ID is missing or too long.")
    occurred_at = moment(request.headers.get("X-Timestamp", ""))
    if occurred_at is None:
        raise HookRefused(400, "malformed", "X-Timestamp is missing or is not a time.")
    body = _object(raw)
    event_type = str(body.get("event_type", ""))
    # These two headers are not signed: with a time after the signature, an old message sent anew would beat newer ones.
    return event_id, event_type, min(occurred_at, signed_at + WHOLE_SECOND), body


def _raw_body(request: HttpRequest) -> bytes:
    try:
        raw = request.body
    except RequestDataTooBig:
        raw = b" " * (LARGEST_BODY + 1)
    if len(raw) > LARGEST_BODY:
        raise HookRefused(413, "too_big", "The body is too large.")
    return raw


def _signed_at(request: HttpRequest, raw: bytes) -> dt.datetime:
    try:
        return hook_signatures.verify(
            settings.PROLIFIC_WEBHOOK_SECRET,
            timestamp=request.headers.get("X-Prolific-Request-Timestamp", ""),
            body=raw,
            given=request.headers.get("X-Prolific-Request-Signature", ""),
            now=timezone.now(),
            tolerance=dt.timedelta(seconds=settings.PROLIFIC_WEBHOOK_TOLERANCE_S),
        )
    except SignatureStale:
        raise HookRefused(401, "signature_stale", "The signature is too old or its time is in the future.") from None
    except HookNotSigned:
        raise HookRefused(401, "not_signed", "The signature is missing or wrong.") from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = read_json(raw)
    except (BadJson, UnsafeText) as error:
        raise HookUnreadable from error
    if not isinstance(body, dict):
        raise HookUnreadable
    return body
