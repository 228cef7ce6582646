"""The page on which a person of the staff makes and revokes tokens of their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotations.models import AccessToken
from annotations.services.staff import access_tokens


class NewToken(forms.Form):
    """What a token is for, and for how long."""

    name = forms.CharField(label="What it is for", max_length=60)
    days = forms.TypedChoiceField(
        label="It ends after", coerce=int, choices=[(days, f"{days} days") for days in access_tokens.DAYS]
    )


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """List one's tokens, make one and show it once, revoke one. The site's check comes before it."""
    made, form = "", NewToken()
    if request.method == "POST" and "revoke" in request.POST:
        number = request.POST["revoke"]
        if number.isascii() and number.isdigit() and len(number) < 19:
            access_tokens.revoke(request.user, int(number))
        return HttpResponseRedirect(reverse("access_tokens"))
    if request.method == "POST":
        form = NewToken(request.POST)
        if form.is_valid():
            _, made = access_tokens.create(request.user, **form.cleaned_data)
            form = NewToken()
    context = {
        **admin.site.each_context(request),
        "title": "API tokens",
        "is_nav_sidebar_enabled": False,
        "made": made,
        "form": form,
        "tokens": list(_tokens(request.user)),
    }
    return render(request, "admin/access_tokens.html", context, status=400 if form.errors else 200)


def _tokens(user: Any) -> list[tuple[AccessToken, bool]]:
    """A person's tokens, the newest first, and whether each opens anything now."""
    tokens = AccessToken.objects.filter(user=user).select_related("user")
    return [(token, access_tokens.is_valid(token)) for token in tokens]
