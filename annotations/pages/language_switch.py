"""The switch of languages, which leads to pages of this site alone."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views import i18n

from annotations.pages.current_visit import SESSION_KEY

_NOWHERE = "/"  # where Django leads without a page of ours to go back to: nothing is there


def set_language(request: HttpRequest) -> HttpResponse:
    """Switch, and go back to the page that asked; else to the visit of this browser, or to the sign-in."""
    answer = i18n.set_language(request)
    if isinstance(answer, HttpResponseRedirect) and answer.url == _NOWHERE:
        answer["Location"] = reverse("visit" if SESSION_KEY in request.session else "admin:login")
    return answer
