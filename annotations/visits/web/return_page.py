"""The page to come back to after a visit, by a link of its own: what the words did, and a copy of what is stored."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotations.base.service_errors import IdentityDestroyed, IdentityUnreadable
from annotations.log import withdrawal_keys
from annotations.models import AnnotationSession
from annotations.pages import error_pages
from annotations.pages.current_visit import LOOKED_AT_KEY, SESSION_KEY
from annotations.visits.visit_copy import visit_copy
from annotations.visits.word_effects import WordEffect, note_seen, word_effects


def return_path(session: AnnotationSession, name: str = "your_visit") -> str:
    """Return the address of the page, or of the copy; its key is in the query string, which no log keeps.

    Empty once the study's ids are destroyed: nobody can tell any more whose the visit was.
    """
    if not session.sealed_withdrawal_token:
        return ""
    return f"{reverse(name, args=[session.public_id])}?key={withdrawal_keys.return_token(session)}"


def effects_context(session: AnnotationSession) -> dict[str, object]:
    """Return what a page says of the words, and note that it was seen; and where the copy of the visit's data is."""
    effects = word_effects(session)
    note_seen(session, effects)
    n_known = _n_known(effects)
    path = return_path(session)
    url = f"{path}&known={n_known}" if path and n_known < len(effects) else ""
    return {"effects": effects, "effects_url": url, "data_url": return_path(session, "your_data")}


@never_cache
@require_safe
def your_visit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show what the words did; 204 to a script that knows as much already. A link that is not right is not found."""
    session, gone = _opened(request, public_id)
    if gone is not None:
        return gone
    if "known" in request.GET and request.GET["known"] == str(_n_known(word_effects(session))):
        return HttpResponse(status=204)
    if request.session.get(SESSION_KEY) != session.pk:
        request.session[LOOKED_AT_KEY] = session.pk
    context = {"looked_at": session, **effects_context(session)}
    return render(request, "annotations/your_visit.html", context)


@never_cache
@require_safe
def your_data(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Send a copy of what is stored of the visit, as a file."""
    session, gone = _opened(request, public_id)
    if gone is not None:
        return gone
    response = JsonResponse(visit_copy(session), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="your-data.json"'
    return response


def _n_known(effects: tuple[WordEffect, ...]) -> int:
    return sum(each.state != "waiting" for each in effects)


def _opened(request: HttpRequest, public_id: uuid.UUID) -> tuple[AnnotationSession, HttpResponse | None]:
    """The visit that the link opens, and the page that stands instead where nothing of it is kept for its person."""
    visits = AnnotationSession.objects.select_related("study", "participant", "condition")
    session = get_object_or_404(visits, public_id=public_id, ended_at__isnull=False)
    context, status = {"withdrawing": session}, 410
    try:
        if not constant_time_compare(request.GET.get("key", ""), withdrawal_keys.return_token(session)):
            raise Http404
    except IdentityDestroyed:
        return session, render(request, "annotations/withdraw.html", {**context, "is_anonymous": True}, status=status)
    except IdentityUnreadable as error:
        return session, error_pages.refused(request, error)
    if session.withdrawn_at is not None:
        return session, render(request, "annotations/withdraw.html", context, status=status)
    return session, None
