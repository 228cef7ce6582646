"""Nothing of Prolific's addresses gets into the logs: they hold people's ids."""

import logging
import os

import httpx2

from tests.fake_prolific import FakeProlific
from tests.support import forked

PROGRAM = """
import sys, django
django.setup()
from annotations.prolific_client.client import Prolific
from annotations.prolific_client.prolific_errors import Patience
Prolific(sys.argv[1], api=sys.argv[2], patience=Patience()).submission("secret-submission")
"""


def test_the_http_library_would_log_addresses(caplog):
    """If this fails, the loggers named in the settings are not the ones that speak."""
    caplog.set_level(logging.INFO, logger="httpx2")
    with FakeProlific() as fake:
        httpx2.get(f"{fake.api}/submissions/secret-submission/")
    assert "secret-submission" in caplog.text


def test_a_call_leaves_neither_the_id_nor_the_token_in_the_logs(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "clarify_site.settings")
    with FakeProlific() as fake:
        fake.add_study("study-a")
        fake.add_submission("study-a", "anna", "secret-submission")
        done = forked.run(PROGRAM, fake.token, fake.api, environment=os.environ)
        assert done.returncode == 0, done.stderr
        assert len(fake.calls) == 1
    assert "secret-submission" not in done.stdout + done.stderr and fake.token not in done.stdout + done.stderr
