"""Programs of the staff, by a token. A module of its own: the views of Django REST framework import it."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from annotations.staff import access_tokens


class TokenNotValid(AuthenticationFailed):
    """The token is unknown, ended or revoked, or was sent to change something."""

    default_code = "token_not_valid"
    default_detail = (
        "This token is unknown or expired, or the request would change something. Tokens are read-only. Make a "
        "new token under API tokens in the admin."
    )


class TokenAuthentication(BaseAuthentication):
    """A program of the staff, by `Authorization: Bearer …`. It reads what its person may read, and writes nothing."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        user = access_tokens.holder_of(token.strip()) if request.method in SAFE_METHODS else None
        if user is None:
            raise TokenNotValid
        return user, None
