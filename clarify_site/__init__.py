"""The site: settings from the environment, urls, the Celery application."""

from clarify_site.celery import app as celery_app

__all__ = ["celery_app"]
