"""Another process of the site, at which people arrive."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.forked import Forked

_SCRIPT = """
import itertools, django
django.setup()
from annotations.models import Study
from annotations.visits import sessions
study = Study.objects.get()
for n in itertools.count():
    sessions.enter(study, participant_id=f"late-{n}", study_id="outside", session_id=f"late-{n}-visit")
    print(n, flush=True)
"""


@dataclass(frozen=True)
class Site:
    process: Forked
    output: Path  # a line for each who arrived

    def n_arrived(self) -> int:
        return self.output.read_text().count("\n") if self.output.exists() else 0


@contextmanager
def arrivals(environment: Mapping[str, str]) -> Iterator[Site]:
    """While the block runs, people arrive there one after the other, at the one study that there is."""
    env = {**environment, "DJANGO_SETTINGS_MODULE": "clarify_site.settings"}
    with TemporaryDirectory(prefix="clarify-arrivals-") as folder:
        output = Path(folder) / "stdout", Path(folder) / "stderr"
        site = Site(Forked(_SCRIPT, (), env, output), output[0])
        try:
            yield site
        finally:
            site.process.terminate()
            site.process.wait(30)


def wait_for_arrivals(site: Site, n: int = 5) -> None:
    """Wait until `n` more people have arrived."""
    enough = site.n_arrived() + n
    while site.n_arrived() < enough:
        assert site.process.poll() is None, "nobody arrives any more"
        time.sleep(0.01)
