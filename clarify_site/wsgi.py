"""The WSGI entry point: `gunicorn clarify_site.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from annotations.checked_requests import CheckedRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarify_site.settings")
application = get_wsgi_application()
application.request_class = CheckedRequest
