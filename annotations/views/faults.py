"""Pages for what went wrong: what happened, what is safe, what to do."""

from django.http import HttpRequest, HttpResponse


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a POST without a valid CSRF token."""
    return HttpResponse("This page was open for too long. Go back, reload it, and send again.", status=403)
