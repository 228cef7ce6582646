"""Thumbnails, to those who may see them."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from annotations.models import Dataset
from annotations.readings.datasets.thumbnails import seconds_valid
from annotations.services.staff import roles
from annotations.views.common.current_visit import SESSION_KEY


@require_safe
def thumbnail(request: HttpRequest, dataset_id: int, key: str, expires: int, signature: str) -> HttpResponseBase:
    """Send a thumbnail whose address was signed for this visit or this coordinator and has not expired; else 404."""
    seconds = seconds_valid(_owners(request), dataset_id, key, expires, signature)
    if not seconds:
        raise Http404
    path = get_object_or_404(Dataset, pk=dataset_id).files.image_path(key)
    response: HttpResponseBase
    if settings.THUMBNAIL_ACCEL_PREFIX:
        inside = path.relative_to(settings.DATA_ROOT).as_posix()
        response = HttpResponse(headers={"X-Accel-Redirect": f"{settings.THUMBNAIL_ACCEL_PREFIX.rstrip('/')}/{inside}"})
    else:
        response = FileResponse(path.open("rb"))
    response["Content-Type"] = "image/webp"
    response["Cache-Control"] = f"private, max-age={seconds}, immutable"
    return response


def _owners(request: HttpRequest) -> list[str]:
    """What the request proves to be: a visit, and a member of staff."""
    owners = []
    if SESSION_KEY in request.session:
        owners.append(f"session:{request.session[SESSION_KEY]}")
    if roles.is_staff(request.user):
        owners.append(f"user:{request.user.pk}")
    return owners
