"""What happens to a site: people speak, faults come, the work is drained, and what people were told is compared with
what is stored. Import it once Django is set up.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connections
from django.urls import reverse
from django.utils import timezone

from annotations.models import BaseModel, Score, Study
from annotations.monitoring import queue_health
from annotations.simulation.crowd import as_participants
from annotations.studies.lifecycle import create_study, open_study
from deploy.local import job
from deploy.local.processes import CannotRun
from deploy.local.site import Site
from deploy.local.stages import Stages
from tests.chaos.comparison import Comparison, compare
from tests.chaos.faults import Fault
from tests.chaos.people import Crowd, Person, Receipts
from tests.chaos.trouble import Trouble

SLUG = "chaos"
PHRASES_EACH = 12  # of at most 20
PAUSE_S = 2.0
COMING_AT_ONCE = 6
CALM_S = 2.0  # at most, from one fault's end to the next fault
SERVED_WITHIN_S, RECOVERED_WITHIN_S, ENDED_WITHIN_S = 180.0, 120.0, 60.0
LOOK_EVERY_S = 0.1

Found = TypeVar("Found")


@dataclass(frozen=True)
class Struck:
    """A fault that happened. recovery_s: until the first score of a phrase acknowledged after it; None: none in time.

    It counts from the moment that a role was hit or something began beside the site, or that what was away is back.
    """

    fault: Fault
    recovery_s: float | None


@dataclass
class Outcome:
    """What was found. ended_unasked: how often a role ended that no fault had hit, by its name."""

    receipts: Receipts
    struck: list[Struck] = field(default_factory=list)
    ended_unasked: Counter[str] = field(default_factory=Counter)
    comparison: Comparison | None = None
    left_undone: str = ""

    @property
    def wrong(self) -> list[str]:
        """Every reason why the run failed, as a sentence."""
        silent = [
            f"no new score {RECOVERED_WITHIN_S:.0f} s after: {each.fault.kind}"
            for each in self.struck
            if each.recovery_s is None
        ]
        compared = self.comparison.wrong if self.comparison else ("nothing could be compared",)
        return [*compared, *silent, *([self.left_undone] if self.left_undone else [])]


def open_chaos_study(slug: str = SLUG) -> Study:
    """An open study on the demo's data set and base model."""
    base_model = BaseModel.objects.filter(dataset__name=job.DATASET, name=job.BASE_MODEL).latest("created_at")
    draft = create_study(
        slug=slug, title="Chaos", completion_code="CHAOS", completion_url="", tasks=[{"base_model": base_model}]
    )
    return open_study(draft, without_rehearsal=True)


def wait_for_workers(site: Site) -> None:
    """Wait until every queue is served: a worker with an encoder takes its time. Raises CannotRun."""
    end = time.monotonic() + SERVED_WITHIN_S
    while silent := queue_health.silent(queue_health.workers(timezone.now())):
        if time.monotonic() > end:
            queues = ", ".join(queue.queue for queue in silent)
            raise CannotRun(f"No worker serves {queues} after {SERVED_WITHIN_S:.0f} s. See the workers' logs.")
        site.tend()
        time.sleep(LOOK_EVERY_S)


class Course:
    """The course of a run on a running site.

    pause_s: from one phrase of a person to the next, on average; patience_s: how long the work that is left may make no
    progress in the end.
    """

    def __init__(
        self,
        trouble: Trouble,
        study: Study,
        base_url: str,
        stages: Stages,
        seed: int,
        pause_s: float = PAUSE_S,
        patience_s: float = job.DONE_WITHIN_S,
    ) -> None:
        self._pause_s, self._patience_s = pause_s, patience_s
        self._trouble = trouble
        self._study = study
        self._base_url = base_url
        self._stages = stages
        self._seed = seed
        self._rng = random.Random(seed)
        self._hit = ""
        self.outcome = Outcome(Receipts())

    def strike(self, faults: Sequence[Fault], n_people: int) -> Outcome:
        """Let people speak, every fault happen, and all work be done; then compare. Raises CannotRun."""
        crowd = self._crowd()
        with (
            self._people(crowd, n_people),
            self._stages.stage(f"{len(faults)} faults"),
            self._stages.bar("faults", len(faults)) as bar,
        ):
            for fault in faults:
                self.outcome.struck.append(self._struck(fault))
                bar(advance=1)
        self._settle()
        return self.outcome

    def _crowd(self) -> Crowd:
        parameters = (self._study.participant_parameter, self._study.study_parameter, self._study.session_parameter)
        return Crowd(
            self._base_url,
            reverse("welcome", args=[self._study.slug]),
            as_participants(parameters, run=str(self._seed)),
            PHRASES_EACH,
            self._pause_s,
            self.outcome.receipts,
        )

    @contextmanager
    def _people(self, crowd: Crowd, n: int) -> Iterator[None]:
        """People who have come to their task; after the block they get the answer that they wait for, and leave."""
        people = [Person(crowd, number, self._seed) for number in range(n)]
        with self._stages.stage(f"{n} people come"), self._stages.bar("people", n) as bar:
            for person in people:
                self._until(lambda: _on_their_way(people) < COMING_AT_ONCE)
                person.start()
                bar(advance=1)
            self._until(lambda: not _on_their_way(people))
        yield
        crowd.over.set()
        self._until(lambda: not any(person.is_alive() for person in people))
        for person in people:
            if person.error is not None:
                raise CannotRun(f"{person.name} did what no person does: {person.error!r}") from person.error

    def _struck(self, fault: Fault) -> Struck:
        self._pass(self._rng.uniform(0, CALM_S))
        self._hit = fault.target if fault.ends_role else ""
        began = time.monotonic()
        with self._trouble.happening(fault):
            scored = self._until(lambda: self._scored_at(began) if fault.is_beside else None, fault.lasts_s)
            self._pass(began + fault.lasts_s - time.monotonic())
        since = began if fault.is_beside else time.monotonic()
        ended = fault.ends_role and self._until(lambda: self._hit == "", ENDED_WITHIN_S)
        if fault.ends_role and not ended:
            raise CannotRun(f"{fault.target} did not end within {ENDED_WITHIN_S:.0f} s: {fault.kind}.")
        scored = scored or self._until(lambda: self._scored_at(since), RECOVERED_WITHIN_S)
        return Struck(fault, scored - since if scored else None)

    def _scored_at(self, since: float) -> float | None:
        """Now, by the monotonic clock, where one of the phrases that were acknowledged since then has its score."""
        told = self.outcome.receipts.told_since(since)
        here = {"phrase__assignment__session__study": self._study, "phrase__client_uuid__in": told}
        try:
            return time.monotonic() if Score.objects.filter(**here).exists() else None
        except (OperationalError, InterfaceError):  # of a server that was restarted
            connections.close_all()
            return None

    def _settle(self) -> None:
        """Let all work be done, then compare."""
        connections.close_all()
        with self._stages.stage("The rest of the work"), self._stages.bar("phrases and runs", 1) as bar:
            try:
                for done, total in job.work_left(self._study, self._patience_s):
                    bar(completed=done, total=total)
                    self._look()
            except CannotRun as error:
                self.outcome.left_undone = str(error)
        with self._stages.stage("Comparison"):
            receipts = self.outcome.receipts
            self.outcome.comparison = compare(self._study, receipts.sent, receipts.acknowledged.keys())

    def _until(self, found: Callable[[], Found], within_s: float = float("inf")) -> Found | None:
        """Keep the site running until something is found; None where it is not in time."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            value = found()
            if value:
                return value
            self._look()
        return None

    def _pass(self, seconds: float) -> None:
        self._until(lambda: False, seconds)

    def _look(self) -> None:
        """Start again what has ended, as the demo does, and note what no fault had ended."""
        for name in self._trouble.site.tend():
            if name == self._hit:
                self._hit = ""
            else:
                self.outcome.ended_unasked[name] += 1
        time.sleep(LOOK_EVERY_S)


def _on_their_way(people: Sequence[Person]) -> int:
    return sum(person.is_alive() and not person.has_come.is_set() for person in people)
