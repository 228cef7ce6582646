"""The page on which a person of the staff switches the second factor on and off."""

from typing import Any

import django_otp
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from qrcode.main import QRCode

from annotations.pages.number_formats import row_number
from annotations.pages.site_pages import show_site_page
from annotations.staff import signed_in_sessions, two_factor
from annotations.staff.two_factor import CodeNotRight


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Switch the second factor on by its first code, show recovery codes once, switch it off by a code.

    A sign-in without the code neither sees nor changes a second factor that is on: it is asked for the code.
    """
    user: Any = request.user
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    error = ""
    recovery_codes: list[str] = []
    if request.method == "POST":
        code = request.POST.get("code", "")
        try:
            if two_factor.owes_code(user):
                django_otp.login(request, two_factor.verify(user, code))
                return HttpResponseRedirect(wanted_page(request))
            if "sign_out_everywhere" in request.POST:
                signed_in_sessions.sign_out_everywhere(user)
                logout(request)
                return HttpResponseRedirect(reverse("admin:login"))
            if "remove" in request.POST:
                two_factor.remove_passkey(user, row_number(request.POST["remove"]))
                return HttpResponseRedirect(reverse("two_factor"))
            if two_factor.is_enrolled(user):
                two_factor.verify(user, code)
                two_factor.switch_off(user, by=user.get_username())
                return HttpResponseRedirect(reverse("two_factor"))
            device = two_factor.begin(user, request.POST.get("sealed", ""))
            recovery_codes = two_factor.confirm(device, code)
            django_otp.login(request, device)
        except CodeNotRight as wrong:
            error = wrong.message
    context = {**_context(request), "error": error, "recovery_codes": recovery_codes}
    return show_site_page(request, "two_factor", "Two-factor sign-in", 400 if error else 200, **context)


def wanted_page(request: HttpRequest) -> str:
    """Return the page of this site that a person wanted before the sign-in, else the first one."""
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")


def _context(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    is_on = two_factor.is_enrolled(user)
    device = None if is_on else two_factor.begin(user, request.POST.get("sealed", ""))
    return {
        "is_on": is_on,
        "owes_code": two_factor.owes_code(user),
        "is_required": settings.REQUIRE_TWO_FACTOR,
        "passkeys": two_factor.passkeys(user) if settings.OFFERS_PASSKEYS else [],
        "offers_passkeys": settings.OFFERS_PASSKEYS,
        "n_recovery_codes": two_factor.n_recovery_codes(user),
        "sealed": bytes(device.sealed_secret).decode() if device else "",
        "secret": two_factor.base32_secret(device) if device else "",
        "qr": qr_path(two_factor.setup_uri(device)) if device else None,
    }


def qr_path(text: str) -> dict[str, Any]:
    """Return a QR code as the path of an inline SVG, one unit a module, and its width with the quiet border."""
    code: Any = QRCode(border=4)
    code.add_data(text)
    rows = code.get_matrix()
    squares = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark]
    return {"path": "".join(squares), "width": len(rows)}
