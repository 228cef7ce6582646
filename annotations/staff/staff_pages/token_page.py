"""The page on which a person of the staff makes and revokes tokens of their own."""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotations.models import AccessToken
from annotations.pages.number_formats import row_number
from annotations.pages.site_pages import show_site_page
from annotations.pages.typed_classes import Form
from annotations.staff import access_tokens


class NewToken(Form):
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
        access_tokens.revoke(request.user, row_number(request.POST["revoke"]))
        return HttpResponseRedirect(reverse("access_tokens"))
    if request.method == "POST":
        form = NewToken(request.POST)
        if form.is_valid():
            _, made = access_tokens.create(request.user, **form.cleaned_data)
            form = NewToken()
    own = AccessToken.objects.filter(user=request.user).select_related("user")  # type: ignore[misc]  # is on the staff
    tokens = [(token, access_tokens.is_valid(token)) for token in own]
    return show_site_page(request, "access_tokens", "API tokens", made=made, form=form, tokens=tokens)
