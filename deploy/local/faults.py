"""What can happen to a running site, in an order that a seed gives, and doing it."""

import datetime as dt
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import redis

from deploy.local.services import Server
from deploy.local.site import Site

SHORTEST_AWAY_S, MAX_AWAY_S = 1.0, 10.0  # how long the broker stays away


class Act(StrEnum):
    """What happens, in the words that follow the name of what it happens to."""

    KILLED = "killed"  # with all of its processes, in the middle of whatever it does
    TERMINATED = "told to end (TERM)"
    QUIT = "told to quit (QUIT)"
    EMPTIED = "emptied"
    RESTARTED = "restarted"


_SERVERS = ("broker", "PostgreSQL")
_SIGNALS = {Act.KILLED: signal.SIGKILL, Act.TERMINATED: signal.SIGTERM, Act.QUIT: signal.SIGQUIT}


@dataclass(frozen=True)
class Fault:
    """Something that happens to a role, the broker or the database. away_s: how long the broker is gone."""

    target: str
    act: Act
    away_s: float = 0.0

    @property
    def kind(self) -> str:
        return f"{self.target} {self.act}"

    @property
    def hits_role(self) -> bool:
        """Whether it ends a role of the site, which is then started again."""
        return self.target not in _SERVERS


def kinds(roles: Sequence[str]) -> list[Fault]:
    """One of each kind: every role killed, those that people wait for told to end, and what the servers can do."""
    told = [name for name in ("web", "worker-interactive", "worker-retrain") if name in roles]
    return [
        *(Fault(role, Act.KILLED) for role in roles),
        *(Fault(role, act) for role in told for act in (Act.TERMINATED, Act.QUIT)),
        Fault("broker", Act.KILLED),
        Fault("broker", Act.EMPTIED),
        Fault("PostgreSQL", Act.RESTARTED),
    ]


def plan(n: int, roles: Sequence[str], rng: random.Random) -> list[Fault]:
    """n faults, of each kind as many as of any other or one more, in a random order."""
    every = kinds(roles)
    rounds = [fault for _ in range(-(-n // len(every))) for fault in rng.sample(every, len(every))][:n]
    return [_with_time_away(fault, rng) for fault in rounds]


def _with_time_away(fault: Fault, rng: random.Random) -> Fault:
    if (fault.target, fault.act) != ("broker", Act.KILLED):
        return fault
    return Fault(fault.target, fault.act, rng.uniform(SHORTEST_AWAY_S, MAX_AWAY_S))


@dataclass(frozen=True)
class Trouble:
    """Makes faults happen to a site and its servers."""

    site: Site
    database: Server
    broker: Server

    def make(self, fault: Fault) -> tuple[dt.datetime, dt.datetime]:
        """Let it happen. Returns when it began, and when what was away answered again; for a role, when it was hit.

        Raises CannotRun where a server does not come back.
        """
        began = dt.datetime.now(dt.UTC)
        if fault.hits_role:
            self.site.signal(fault.target, _SIGNALS[fault.act])
            return began, began
        if fault.act is Act.EMPTIED:
            with redis.Redis.from_url(self.broker.url) as client:
                client.flushall()
        elif fault.act is Act.RESTARTED:
            self.database.stop()
            self.database.start()
        else:
            self.broker.kill()
            time.sleep(fault.away_s)
            self.broker.start()
        return began, dt.datetime.now(dt.UTC)
