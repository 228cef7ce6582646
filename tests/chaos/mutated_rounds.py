"""Short rounds of the same faults: on the site as it is, which must pass, and on each mutation, which must fail.

Import it once Django is set up.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from clarify_site.home import ROOT
from deploy.local import site as site_module
from deploy.local.folder import DemoFolder
from deploy.local.services import listen
from deploy.local.site import Site
from deploy.local.site import roles as every_role
from deploy.local.stack import Stack
from deploy.local.stages import Stages
from tests.chaos.course import Course, Outcome, open_chaos_study
from tests.chaos.faults import BROKER, Act, Fault
from tests.chaos.mutations import MUTATIONS, STARTUP, VARIABLE, Mutation
from tests.chaos.trouble import Trouble, make_trouble

ROLES = ("proxy", "web", "worker-interactive", "beat")
FAULTS = (Fault("web", Act.KILLED), Fault(BROKER, Act.KILLED, 4.0), Fault("web", Act.KILLED))
PEOPLE, PAUSE_S, PATIENCE_S = 6, 0.4, 20.0


@dataclass(frozen=True)
class Round:
    """A mutation, or None for the site as it is, and what the check found."""

    mutation: Mutation | None
    outcome: Outcome

    @property
    def wrong(self) -> str:
        """Why this round proves nothing, or the site is at fault; empty if the check said what it must."""
        found = self.outcome.wrong
        if self.mutation is None:
            return f"the site as it is failed the short round: {'; '.join(found)}" if found else ""
        if any(self.mutation.finding in finding for finding in found):
            return ""
        return f"the check did not notice that the site {self.mutation.what}"


def few_roles(web: Path, scratch: Path) -> dict[str, Sequence[str]]:
    """Return those that people need, one worker for all: each takes seconds to load torch."""
    every = every_role(web, scratch)
    both = {
        "interactive": "interactive,retrain",
        "worker.tasks.interactive": "worker.tasks.interactive,worker.tasks.retrain",
    }
    few = {name: every[name] for name in ROLES}
    return few | {"worker-interactive": [both.get(word, word) for word in every["worker-interactive"]]}


def rounds(stack: Stack, folder: DemoFolder, stages: Stages, seed: int) -> Iterator[Round]:
    """Run each on a site and a study of its own; the servers stay. Raises CannotRun."""
    for mutation in (None, *MUTATIONS):
        name = mutation.name if mutation else "as-it-is"
        with ExitStack() as running, mock.patch.object(site_module, "roles", few_roles):
            listener = listen()
            env = {
                **stack.env,
                "SITE_URL": f"http://localhost:{listener.getsockname()[1]}",
                "PHRASES_PER_MINUTE": "10000",
            }
            site = Site(listener, env, folder.logs / name, folder.path)
            running.callback(site.stop)
            trouble = make_trouble(
                Trouble(site, stack.database, stack.broker, site.port),
                database_url=stack.database.url,
                folder=folder.path,
                has_small_disk=False,
                running=running,
            )
            if mutation is not None:
                _mutate(site, mutation)
            with stages.stage(f"Short round, {name}"):
                study = open_chaos_study(name)
                site.start()
                site.wait_until_ready()
            course = Course(trouble, study, f"http://127.0.0.1:{site.port}", stages, seed, PAUSE_S, PATIENCE_S)
            yield Round(mutation, course.strike(FAULTS, PEOPLE))


def _mutate(site: Site, mutation: Mutation) -> None:
    for name in site.names:
        if name != "proxy":
            site.set(name, PYTHONPATH=os.pathsep.join([str(STARTUP), str(ROOT)]), **{VARIABLE: mutation.name})
