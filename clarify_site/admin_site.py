"""The admin site: its titles, its places, and who gets in."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from annotations.models import Study
from annotations.staff import roles, two_factor
from annotations.staff.staff_pages.sign_in_form import SignInForm
from annotations.studies.study_progress import with_counts

_PLACES = {"Data": "Dataset", "Models": "BaseModel", "People": "AnnotationSession"}
_NEWEST = 20
# Recovery codes are nobody's to browse; accounts have a page of our own.
_NOT_SHOWN = ("django_otp.", "django_otp_webauthn.", "django.contrib.auth.")


class ClarifyAdminSite(AdminSite):
    site_header = "Clarify"
    site_title = "Clarify"
    index_title = "Studies"
    enable_nav_sidebar = False  # every page has our own
    login_form = SignInForm
    site_url = None  # "View site" would lead to an address at which there is nothing: people come by a study's link

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Leave out the pages that other applications bring for what is not to be browsed."""
        if admin_class is None or not admin_class.__module__.startswith(_NOT_SHOWN):
            super().register(model_or_iterable, admin_class, **options)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the places of the site, and for operators the database's lists, with the one that is open marked."""
        context: dict[str, Any] = super().each_context(request)
        lists = [model for app in context["available_apps"] for model in app["models"] if model["admin_url"]]
        urls = {model["object_name"]: model["admin_url"] for model in lists}
        places = [(title, urls[name]) for title, name in _PLACES.items() if name in urls]
        home = reverse("admin:index")
        context["places"] = [
            ("Studies", home, request.path == home or request.path.startswith(f"{home}annotations/study/")),
            # Imports, whose addresses begin with that of data sets, stand under Data.
            *((title, url, request.path.startswith(url.removesuffix("/"))) for title, url in places),
        ]
        others = [model for model in lists if model["object_name"] not in (*_PLACES.values(), "Study")]
        context["lists"] = (
            [(model["name"], model["admin_url"], request.path.startswith(model["admin_url"])) for model in others]
            if roles.is_operator(request.user)
            else []
        )
        context["may_set_up"] = roles.may_set_up(request.user)
        return context

    def has_permission(self, request: HttpRequest) -> bool:
        """Let the staff in who gave all that a sign-in must."""
        return roles.is_staff(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ask for name, password and code. Whoever still owes the second step is sent there after the first."""
        user = request.user
        if request.method == "GET" and (two_factor.must_enrol(user) or two_factor.owes_code(user)):
            return HttpResponseRedirect(f"{reverse('two_factor')}?{request.GET.urlencode()}")
        return super().login(request, {"has_provider": bool(settings.OIDC_ISSUER), **(extra_context or {})})

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Refuse: no form here completes what is typed, and nobody else is to look rows up that way."""
        raise PermissionDenied

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the newest studies that the person may see."""
        studies = with_counts(self.get_model_admin(Study).get_queryset(request))[:_NEWEST]
        return super().index(request, {"studies": studies, **(extra_context or {})})
