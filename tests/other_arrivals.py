"""Another process of the site, at which people arrive."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_SCRIPT = """
import itertools, django
django.setup()
from annotations.models import Study
from annotations.services.visits import sessions
study = Study.objects.get()
for n in itertools.count():
    sessions.enter(study, participant_id=f"late-{n}", study_id="outside", session_id=f"late-{n}-visit")
    print(n, flush=True)
"""


@contextmanager
def arrivals(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """While the block runs, people arrive there one after the other, at the one study that there is."""
    env = {**environment, "DJANGO_SETTINGS_MODULE": "clarify_site.settings"}
    process = subprocess.Popen([sys.executable, "-c", _SCRIPT], env=env, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def wait_for_arrivals(process: subprocess.Popen[str], n: int = 5) -> None:
    """Wait until `n` more people have arrived."""
    assert process.stdout is not None
    for _ in range(n):
        assert process.stdout.readline()
