"""Thumbnails, to those who may see them."""

import time
from functools import lru_cache

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.templatetags.static import static
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from annotations.datasets.thumbnails import seconds_valid
from annotations.models import Dataset
from annotations.pages.current_visit import LOOKED_AT_KEY, SESSION_KEY
from annotations.staff import roles
from clarify_errors.arrays.datasets.dataset_files import thumbnail_name

KNOWN_S = 60


@require_safe
def thumbnail(request: HttpRequest, dataset_id: int, key: str, expires: int, signature: str) -> HttpResponseBase:
    """Send a thumbnail whose address was signed for this visit or this coordinator and has not expired; else 404.

    An image without one, of which an import had the embedding alone, is shown as a tile that says so.
    """
    signed = dataset_id, key, expires, signature
    lately = _visit_lately(request.session.session_key or "", int(time.time()) // KNOWN_S)
    seconds = seconds_valid([lately], *signed) or seconds_valid(_owners(request), *signed)
    if not seconds:
        raise Http404
    path = settings.DATA_ROOT / _directory(dataset_id) / thumbnail_name(key)
    if not path.is_file():
        return redirect(static("annotations/no-picture.svg"))
    response: HttpResponseBase
    if settings.THUMBNAIL_ACCEL_PREFIX:
        inside = path.relative_to(settings.DATA_ROOT).as_posix()
        response = HttpResponse(headers={"X-Accel-Redirect": f"{settings.THUMBNAIL_ACCEL_PREFIX.rstrip('/')}/{inside}"})
    else:
        response = FileResponse(path.open("rb"))
    response["Content-Type"] = "image/webp"
    response["Cache-Control"] = f"private, max-age={seconds}, immutable"
    patch_vary_headers(response, ["Cookie"])  # also where the cookie was looked up a moment ago
    return response


@lru_cache(maxsize=10_000)
def _visit_lately(session_key: str, _time: int) -> str:
    """The visit that a cookie proved to be in, within the last KNOWN_S: a page asks for fifty images at once."""
    return f"session:{SessionStore(session_key).get(SESSION_KEY, '')}"


@lru_cache(maxsize=1024)  # a data set never moves
def _directory(dataset_id: int) -> str:
    return get_object_or_404(Dataset, pk=dataset_id).directory


def _owners(request: HttpRequest) -> list[str]:
    """What the request proves to be: a visit, and a member of staff."""
    visits = (SESSION_KEY, LOOKED_AT_KEY)
    owners = [f"session:{request.session[key]}" for key in visits if key in request.session]
    if roles.is_staff(request.user):
        owners.append(f"user:{request.user.pk}")
    return owners
