"""Who may use the API: the staff, for the rows of their studies, and a participant in a visit of their own."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from annotations.models import AnnotationSession
from annotations.services.staff import roles
from annotations.views.common.current_visit import visiting


class Staff(BasePermission):
    """The staff, signed in with all that the site asks for. Their roles decide which rows they see."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return roles.is_staff(request.user)


class VisitAuthentication(SessionAuthentication):
    """The visit in the session cookie becomes `request.auth`. CSRF is checked as on the pages."""

    def authenticate(self, request: Request) -> tuple[Any, AnnotationSession] | None:
        session = visiting(request._request)
        if session is None:
            return None
        self.enforce_csrf(request)
        return AnonymousUser(), session


class InVisit(BasePermission):
    """Anyone may ask; what is not in the visit of the cookie is not found, so nobody learns what exists."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return True


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers its subclasses
    """How the OpenAPI schema describes TokenAuthentication."""

    target_class = "annotations.api.common.token_authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class VisitScheme(SessionScheme):  # type: ignore[no-untyped-call]  # the package registers its subclasses
    """How the OpenAPI schema describes VisitAuthentication; drf-spectacular finds it by being a subclass."""

    target_class = "annotations.api.common.permissions.VisitAuthentication"
    name = "visit"
