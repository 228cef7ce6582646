"""The Celery application. Postgres is the queue; Celery only wakes the workers (docs/decisions/0001).

The web process imports this module to send a message. A worker loads the tasks of the queue that it
serves, and no others: `-Q retrain -I worker.tasks.retrain`.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarify_site.settings")

app = Celery("clarify", set_as_current=True)
app.config_from_object("django.conf:settings", namespace="CELERY")
