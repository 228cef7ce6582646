"""Run a management command: `manage.py help` and `clarify manage help` list them."""

import logging
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

from clarify_site.home import settings_of_the_running_demo

# A help text needs neither a server nor a secret: these stand where nothing is set.
FOR_A_HELP_TEXT = {
    "SECRET_KEY": "only-for-a-help-text-0123456789-abcdefghijklmnopqrstuvwxyz",
    "IDENTITY_KEYS": "only-for-a-help-text-abcdefghijklmnopqrstuvwxyz-0123456789",
    "DATABASE_URL": "postgresql://help",
    "REDIS_URL": "redis://help",
    "ALLOWED_HOSTS": "help",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarify_site.settings")
    if not any(os.environ.get(name) or os.environ.get(f"{name}_FILE") for name in FOR_A_HELP_TEXT):
        os.environ.update(settings_of_the_running_demo())
    if sys.argv[1:2] in ([], ["help"]) or not {"-h", "--help"}.isdisjoint(sys.argv):
        os.environ.update({**FOR_A_HELP_TEXT, **os.environ})
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # each failed try; the last one is told below
    try:
        execute_from_command_line(["manage.py", *sys.argv[1:]])
    except (OperationalError, ImproperlyConfigured) as error:  # of any command
        if "--traceback" in sys.argv:
            raise
        if isinstance(error, ImproperlyConfigured):
            sys.exit(f"{error}\nThe site's environment is described in docs/operators/operations.md.")
        reason = str(error).strip().splitlines()[0].rstrip(".")
        sys.exit(f"The database does not answer ({reason}). Is PostgreSQL running, and is DATABASE_URL right?")


if __name__ == "__main__":
    main()
