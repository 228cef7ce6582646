"""Taking files in. Nothing of a body is read before it is known that a page of ours sent it and that there is room.

Addresses of uploads begin with /admin/uploads/: there alone the proxy lets a body through that is large and may come
slowly (deploy/Caddyfile). Their forms carry the CSRF token in the address, which is there before the body.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.core.files.uploadhandler import FileUploadHandler, MemoryFileUploadHandler
from django.db import connection, transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from annotations.base.service_errors import NotPossible, ServiceError, TryAgainLater
from annotations.staff import roles

SLOTS = 2
_WAIT_S = 60
_LOCKS = 0x75706C64  # the first half of the advisory locks' keys; the second is the slot's number
_HELD = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


class NoUploadSlot(TryAgainLater, code="no_upload_slot"):
    """As many files as may be are on their way already. Nothing was read."""

    sentence = "Other files are being uploaded, and the site takes two at a time. Send yours again in a minute or two."

    def __init__(self) -> None:
        super().__init__(_WAIT_S)


def is_free() -> bool:
    """Say whether a slot is free at the moment."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [_LOCKS])
        return bool(cursor.fetchone()[0] < SLOTS)


@contextmanager
def held() -> Iterator[None]:
    """Hold a slot for the block. Raises NoUploadSlot.

    A transaction holds it, so PostgreSQL frees it with the connection, whatever becomes of this process. Nothing else
    may be done in the block: the transaction may last for hours, and is one that has read and written nothing.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            if not any(_takes(cursor, slot) for slot in range(SLOTS)):
                raise NoUploadSlot
        yield


def _takes(cursor: Any, slot: int) -> bool:
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCKS, slot])
    return bool(cursor.fetchone()[0])


TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the parameter's name
LAST = "complete"  # the form's last field: of a body that broke off, the server says as little as of a whole one
FORM_BYTES = 64 * 1024  # beside the file


class UploadTooLarge(ServiceError, code="upload_too_large", status=413):
    """The body is longer than may be. Nothing was read."""


def permission(request: HttpRequest) -> HttpResponse:
    """Tell the proxy whether to let an upload through: 204, or what its sender is answered (forward_auth)."""
    if not roles.is_staff(request.user):
        return redirect_to_login(reverse("admin:index"), reverse("admin:login"))
    if not roles.may_upload(request.user):
        raise Http404
    if not is_free():
        raise NoUploadSlot
    return HttpResponse(status=204)


@csrf_exempt
def absent(request: HttpRequest) -> HttpResponse:
    """Answer where there is no upload without reading the body, as the admin's own page for lost addresses would."""
    raise Http404


def take_in(request: HttpRequest, handler: FileUploadHandler, max_bytes: int, too_large: str) -> HttpResponse | None:
    """Read the body, with its file into `handler`, from a view that is exempt from the usual check of the token.

    Returns the answer to a wrong token. Raises Http404, UploadTooLarge and NoUploadSlot, all before the body is read,
    and BadRequest where the body breaks off: the handler then removes what it has.
    """
    if not roles.may_upload(request.user):
        raise Http404
    if (answer := _answer_to_wrong_token(request)) is not None:
        return answer
    if int(request.META.get("CONTENT_LENGTH") or 0) > max_bytes:
        raise UploadTooLarge(too_large)
    with held():
        request.upload_handlers = [handler]
        try:
            if LAST not in request.POST:  # this reads all of it
                raise BadRequest
        except BaseException as error:
            handler.upload_interrupted()
            if isinstance(error, UnreadablePostError):  # whoever sent it is gone
                raise BadRequest from error
            raise
    return None


def take_form(request: HttpRequest, form: type[Form], largest_file: int) -> HttpResponse | dict[str, Any]:
    """Read the body as `take_in` does, into memory, and return what its form holds.

    For files of which none is large: two at a time are taken in, of all here. Raises NotPossible for a form with
    errors, and what `take_in` raises.
    """
    too_large = f"The file is too large. The limit is {largest_file // 2**20} MiB."
    answer = take_in(request, MemoryFileUploadHandler(request), largest_file + FORM_BYTES, too_large)
    if answer is not None:
        return answer
    sent = form(request.POST, request.FILES)
    if not sent.is_valid():
        problem = " ".join(f"{sent[name].label}: {errors[0]}" for name, errors in sent.errors.items())
        raise NotPossible(f"Nothing was stored. {problem}")
    return sent.cleaned_data


def _answer_to_wrong_token(request: HttpRequest) -> HttpResponse | None:
    """Check the token in the address as Django checks the one in a form, with a request that has no body to read."""
    bare = copy(request)
    bare.POST = QueryDict()
    bare.META = {**request.META, settings.CSRF_HEADER_NAME: request.GET.get(TOKEN, "")}
    return CsrfViewMiddleware(permission).process_view(bare, permission, (), {})
