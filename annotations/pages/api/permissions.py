"""Who may use the API: the staff, for the rows of their studies."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from annotations.staff import roles


class Staff(BasePermission):
    """The staff, signed in with all that the site asks for. Their roles decide which rows they see."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return roles.is_staff(request.user)
