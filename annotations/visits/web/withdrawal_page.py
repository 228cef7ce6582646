"""Withdrawing, by a person's own link: from this browser or any other, during the visit or long after."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotations.base.service_errors import IdentityDestroyed, IdentityUnreadable
from annotations.log import withdrawal_keys
from annotations.models import AnnotationSession, Stage
from annotations.pages import error_pages
from annotations.pages.current_visit import SeeOther, in_visit, withdrawal_path
from annotations.visits import withdrawal


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Say what withdrawing means, and whether it was done; POST does it. A link that is not right is not found."""
    session = get_object_or_404(AnnotationSession.objects.select_related("study"), public_id=public_id)
    try:
        if not withdrawal_keys.is_opened_by(session, request.GET.get("key", "")):
            raise Http404
    except IdentityDestroyed:
        return render(request, "annotations/withdraw.html", {"withdrawing": session, "is_anonymous": True}, status=410)
    except IdentityUnreadable as error:
        return error_pages.refused(request, error)
    if request.method == "POST":
        if not withdrawal.is_over(session):
            withdrawal.withdraw(session)
        return SeeOther(withdrawal_path(session))
    return render(request, "annotations/withdraw.html", {"withdrawing": session})


@require_safe
@in_visit(*Stage)
def withdraw_from_visit(request: HttpRequest, session: AnnotationSession) -> HttpResponse:
    """Lead from the visit to its own link."""
    return SeeOther(withdrawal_path(session))
