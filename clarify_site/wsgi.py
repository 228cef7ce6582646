"""The WSGI entry point: `gunicorn clarify_site.wsgi`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from annotations.pages.checked_requests import CheckedRequest
from clarify_site.web_connections import AnsweringConnection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarify_site.settings")
settings.DATABASES["default"]["OPTIONS"]["pool"]["connection_class"] = AnsweringConnection
application = get_wsgi_application()
application.request_class = CheckedRequest
