"""One JSON shape for every error: {"error": {"code", "message", "fields"?}}."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAuthenticated, NotFound, ValidationError
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied
from rest_framework.response import Response
from rest_framework.views import set_rollback

from annotations.base.service_errors import ServiceError
from annotations.pages.error_pages import DATABASE_IS_OUT

logger = logging.getLogger(__name__)


_MESSAGES: dict[type[APIException], tuple[str, str]] = {
    NotFound: ("not_found", "There is nothing here, or nothing that is yours."),
    NotAuthenticated: ("not_authenticated", "Sign in first."),
    MethodNotAllowed: ("method_not_allowed", "This address does not take this method."),
    ValidationError: ("invalid", "Some fields are not right."),
}


def body(code: str, message: str, fields: Any = None) -> dict[str, Any]:
    """Return the document of an error; `fields` maps a field to what is wrong with it."""
    error: dict[str, Any] = {"code": code, "message": message}
    if fields is not None:
        error["fields"] = fields
    return {"error": error}


def error_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn an exception of a view into its answer (setting EXCEPTION_HANDLER of Django REST framework).

    A database that does not answer is left to the middleware, which answers 503. Anything unforeseen is logged,
    announced to error reporters as Django does, and answered without its details.
    """
    if isinstance(error, DATABASE_IS_OUT):
        return None
    set_rollback()
    if isinstance(error, ServiceError):
        return Response(body(error.code, error.message), status=error.status, headers=error.headers)
    if isinstance(error, BadRequest):
        return Response(body("bad_request", "This request has text that cannot be right."), status=400)
    if isinstance(error, Http404):
        error = NotFound()
    if isinstance(error, PermissionDenied):
        error = ApiPermissionDenied()
    if isinstance(error, APIException):
        return _of_api_exception(error)
    logger.error("the API failed", exc_info=error)
    got_request_exception.send(sender=None, request=context["request"])
    message = "Something went wrong on our side. Nothing was lost; please try again."
    return Response(body("server_error", message), status=status.HTTP_500_INTERNAL_SERVER_ERROR)


def _of_api_exception(error: APIException) -> Response:
    code, message = _MESSAGES.get(type(error), (str(error.default_code), str(error.detail)))
    fields = error.detail if isinstance(error, ValidationError) and isinstance(error.detail, dict) else None
    return Response(body(code, message, fields), status=error.status_code)
