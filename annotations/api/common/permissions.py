"""Who may use the API: the staff, for the rows of their studies."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from annotations.services.staff import roles


class Staff(BasePermission):
    """The staff, signed in with all that the site asks for. Their roles decide which rows they see."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return roles.is_staff(request.user)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers its subclasses
    """How the OpenAPI schema describes TokenAuthentication."""

    target_class = "annotations.api.common.token_authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
