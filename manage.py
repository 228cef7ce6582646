#!/usr/bin/env python
"""Run a management command: `python manage.py help` lists them."""

import logging
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarify_site.settings")
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # each failed try; the last one is told below
    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:  # of any command: the database is down, or its address is wrong
        if "--traceback" in sys.argv:
            raise
        reason = str(error).strip().splitlines()[0].rstrip(".")
        sys.exit(f"The database does not answer ({reason}). Is PostgreSQL running, and is DATABASE_URL right?")
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"{error}\nThe site's environment is described in docs/operations.md.")
