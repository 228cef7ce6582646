"""What can happen to a running site, in an order that a seed gives."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

BROKER, DATABASE, DISK, SENDERS, PROLIFIC, HOST_B = "broker", "PostgreSQL", "disk", "senders", "Prolific", "host B"
CLOCKED = ("web", "worker-interactive", "worker-maintenance", "beat")  # the proxy is no program of the C library
TOLD = ("web", "worker-interactive", "worker-retrain")  # those that people wait for
WEB_TO_DATABASE, B_TO_DATABASE, B_TO_BROKER = "web to PostgreSQL", "host B to PostgreSQL", "host B to the broker"


class Act(StrEnum):
    """What happens, in the words that follow the name of what it happens to."""

    KILLED = "killed"  # with all of its processes, in the middle of whatever it does
    TERMINATED = "told to end (TERM)"
    QUIT = "told to quit (QUIT)"
    STOPPED = "stopped and continued"
    EMPTIED = "emptied"
    RESTARTED = "restarted"
    FULL = "full"
    AHEAD = "has a clock that jumps five minutes ahead"
    BEHIND = "has a clock that jumps five minutes back"
    UNFINISHED = "who never finish"
    HALF_OPEN = "falls silent without a word"
    CUT_OFF = "cut off"
    SLOW = "slow"


# How long each lasts, in seconds. Those at once have no length.
LASTS = {
    (BROKER, Act.KILLED): (1.0, 10.0),
    (DATABASE, Act.KILLED): (0.0, 3.0),
    (DISK, Act.FULL): (2.0, 6.0),
    (SENDERS, Act.UNFINISHED): (4.0, 8.0),
    (HOST_B, Act.CUT_OFF): (5.0, 20.0),
    (PROLIFIC, Act.SLOW): (5.0, 15.0),
}
LASTS_OTHERWISE = {Act.STOPPED: (2.0, 8.0), Act.AHEAD: (3.0, 8.0), Act.BEHIND: (3.0, 8.0)}
ENDING = {Act.KILLED, Act.TERMINATED, Act.QUIT}
CLOCKS = {Act.AHEAD: "+300", Act.BEHIND: "-300"}


@dataclass(frozen=True)
class Fault:
    """Something that happens to a role, a server, a connection or the disk; for `lasts_s` seconds."""

    target: str
    act: Act
    lasts_s: float = 0.0

    @property
    def kind(self) -> str:
        return f"{self.target} {self.act}"

    @property
    def ends_role(self) -> bool:
        """Whether it ends a role of the site, which is then started again."""
        return self.act in ENDING and self.target not in (BROKER, DATABASE)

    @property
    def is_beside(self) -> bool:
        """Whether the site has to go on meanwhile, so that recovery counts from its beginning."""
        beside = (*CLOCKS, Act.UNFINISHED, Act.HALF_OPEN, Act.CUT_OFF, Act.SLOW)
        return self.ends_role or self.act in beside


def kinds(roles: Sequence[str]) -> list[Fault]:
    """One of each kind that a site with these roles may have."""
    told = [name for name in TOLD if name in roles]
    return [
        *(Fault(role, Act.KILLED) for role in roles),
        *(Fault(role, act) for role in told for act in (Act.TERMINATED, Act.QUIT, Act.STOPPED)),
        *(Fault(role, act) for role in CLOCKED if role in roles for act in CLOCKS),
        *(Fault(BROKER, act) for act in (Act.KILLED, Act.EMPTIED, Act.STOPPED)),
        *(Fault(DATABASE, act) for act in (Act.KILLED, Act.RESTARTED, Act.STOPPED)),
        *(Fault(line, Act.HALF_OPEN) for line in (WEB_TO_DATABASE, B_TO_DATABASE, B_TO_BROKER)),
        Fault(HOST_B, Act.CUT_OFF),
        Fault(DISK, Act.FULL),
        Fault(SENDERS, Act.UNFINISHED),
        Fault(PROLIFIC, Act.SLOW),
    ]


def plan(n: int, every: Collection[Fault], rng: random.Random) -> list[Fault]:
    """n faults, of each kind as many as of any other or one more, in a random order."""
    ordered = list(every)
    rounds = [fault for _ in range(-(-n // len(ordered))) for fault in rng.sample(ordered, len(ordered))][:n]
    return [Fault(fault.target, fault.act, _seconds(fault, rng)) for fault in rounds]


def _seconds(fault: Fault, rng: random.Random) -> float:
    least, most = LASTS.get((fault.target, fault.act), LASTS_OTHERWISE.get(fault.act, (0.0, 0.0)))
    return rng.uniform(least, most)
