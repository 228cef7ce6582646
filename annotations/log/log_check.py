"""Comparing a study's log with its tables, a few people at a time: memory does not grow with the study."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet

from annotations.log.events import stored_states
from annotations.log.log_registry import TABLES
from annotations.log.log_schema import LoggedTable
from annotations.log.replay import LoggedRows, differences, replay
from annotations.models import Participant, Study

EVENTS_AT_ONCE = 2_000  # of one person there may be more
PEOPLE_AT_ONCE = 100
_OF_PEOPLE = tuple(table for table in TABLES if table.of_person)
_OF_THE_STUDY = tuple(table for table in TABLES if not table.of_person)


@dataclass
class LogCheck:
    """What was found when a study's log was compared with its tables; complete once `differences` came to its end.

    replayed, stored: how many rows by table. erased: as in `LoggedRows`.
    """

    study: Study
    replayed: Counter[LoggedTable] = field(default_factory=Counter)
    stored: Counter[LoggedTable] = field(default_factory=Counter)
    erased: set[int] = field(default_factory=set)

    def differences(self) -> Iterator[str]:
        """Name each row and field on which the log and the tables differ. Run it in one snapshot."""
        for people in _portions(self.study):
            yield from self._of(people)
        yield from self._of_the_study()
        yield from self._of_nobody()

    def _of(self, people: Sequence[int]) -> Iterator[str]:
        state = replay(self.study, self.study.events.filter(session__participant__in=people))
        self.erased |= state.erased
        yield from self._compared(state, {table: table.rows_of(self.study, people) for table in _OF_PEOPLE})

    def _of_the_study(self) -> Iterator[str]:
        """What no visit's event tells; a part of a correction goes with the visit that it is of."""
        state = replay(self.study, self.study.events.filter(session=None), erased=self.erased)
        yield from self._compared(state, {table: table.rows(self.study) for table in _OF_THE_STUDY})

    def _compared(self, state: LoggedRows, stored: Mapping[LoggedTable, QuerySet[Any]]) -> Iterator[str]:
        tables = LoggedRows()
        for table, rows in stored.items():
            tables.add(stored_states(table, rows))
        self.replayed.update({table: len(rows) for table, rows in state.rows.items()})
        self.stored.update({table: len(rows) for table, rows in tables.rows.items()})
        yield from differences(state, tables)

    def _of_nobody(self) -> Iterator[str]:
        """Rows and events that were reached through nobody of the study, which no service makes."""
        for table in _OF_PEOPLE:
            if n := table.rows(self.study).count() - self.stored[table]:
                yield f"{table.title}: {n:,} stored rows belong to no participant of the study"
        of_visits = self.study.events.filter(session__isnull=False)
        if n := of_visits.count() - of_visits.filter(session__participant__study=self.study).count():
            yield f"event: {n:,} logged events belong to no participant of the study"


def _portions(study: Study) -> Iterator[list[int]]:
    """Ids of people, not many together, of whom there are not many events."""
    people, n_events = list[int](), 0
    counted = Participant.objects.filter(study=study).order_by("pk").annotate(n=Count("sessions__events"))
    for person, n in counted.values_list("pk", "n").iterator():
        if len(people) == PEOPLE_AT_ONCE or (people and n_events + n > EVENTS_AT_ONCE):
            yield people
            people, n_events = [], 0
        people.append(person)
        n_events += n
    if people:
        yield people
