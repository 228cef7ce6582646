"""Requests of tests are of the class that the site has (clarify_site.wsgi): Django's test client names its own."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.test import client

from annotations.pages.checked_requests import CheckedRequest

_django: Any = client
_django.WSGIRequest = CheckedRequest
WSGIHandler.request_class = CheckedRequest
