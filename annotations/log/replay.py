"""Replaying the event log: all that a study's tables hold of its people and its results, built from its events alone.

`replay` reads nothing but events and keys; `differences` names where that does not agree with the tables in the same
shape. Which tables these are, and what of them, `log_registry` says. `LogCheck` compares a few people at a
time, so that memory does not grow with the study.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BigIntegerField, Count, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from annotations.log import events, identities
from annotations.log.events import (
    VISIT,  # in a row: the id of the visit that it belongs to
    Key,
    RowState,
    stored_states,
)
from annotations.log.log_registry import BY_NAME, TABLES, LoggedTable
from annotations.models import Event, Participant, Study, event_kinds

Row = dict[str, Any]
Keys = Mapping[int, identities.OpenedKey]


@dataclass
class LoggedRows:
    """Rows by table and key. Keys are the ids that the log knows rows by, the same as the tables have.

    erased: visits whose person was erased; a tombstone is left of them. sealed: rows whose personal part the log cannot
    tell, since its key is gone.
    """

    rows: dict[LoggedTable, dict[Key, Row]] = field(default_factory=lambda: {table: {} for table in TABLES})
    erased: set[int] = field(default_factory=set)
    sealed: set[tuple[LoggedTable, Key]] = field(default_factory=set)

    def put(self, table: LoggedTable, key: Key, visit: int | None, values: Mapping[str, Any]) -> None:
        """Set fields of a row, which is made where it is not there yet."""
        self.rows[table].setdefault(key, {VISIT: visit}).update(values)

    def add(self, rows: Iterable[RowState]) -> None:
        """Add rows as they are stored."""
        for row in rows:
            self.put(row.table, row.key, row.visit, {**row.plain, **row.personal})

    def is_gone(self, table: LoggedTable, row: Row) -> bool:
        """Say whether a row went with its visit when that was erased."""
        return row[VISIT] in self.erased and not table.outlives_erasure


def replay(study: Study, events: QuerySet[Event] | None = None, *, erased: Collection[int] = ()) -> LoggedRows:
    """Build the state of a study from its events, in their order; from some of them where `events` are given.

    erased: visits of which other events say that they were erased.
    """
    told = study.events.all() if events is None else events
    state = LoggedRows(erased=set(erased))
    keys = _keys(study, told)
    has_keys = study.keeps_ids
    for event in told.order_by("pk").iterator():
        _apply(state, event, keys, has_keys)
    for table, rows in state.rows.items():
        state.rows[table] = {key: row for key, row in rows.items() if not state.is_gone(table, row)}
    return state


def differences(replayed: LoggedRows, tables: LoggedRows) -> list[str]:
    """Name each row and field on which the log and the tables differ."""
    return [difference for table in TABLES for difference in _differences(table, replayed, tables)]


def _differences(table: LoggedTable, replayed: LoggedRows, tables: LoggedRows) -> Iterator[str]:
    log, now = replayed.rows[table], tables.rows[table]
    for key in sorted(log.keys() | now.keys()):
        row = log.get(key) or now[key]
        name = f"{table.title} {key}"
        if replayed.is_gone(table, row):
            yield f"{name}: still stored, but its visit is erased"
        elif key not in now:
            yield f"{name}: in the log, but not stored"
        elif key not in log:
            yield f"{name}: stored, but not in the log"
        else:
            hidden = table.personal if (table, key) in replayed.sealed else ()
            yield from _differing_fields(name, log[key], now[key], hidden)


def _keys(study: Study, told: QuerySet[Event]) -> Keys:
    """The keys that are left of those under which events are sealed, by the ids by which these name them."""
    named = told.order_by().values(key=Cast(KeyTextTransform(events.SEALED_UNDER, "payload"), BigIntegerField()))
    return {key.pk: identities.opened(bytes(key.sealed_key)) for key in study.identity_keys.filter(pk__in=named)}


def _apply(state: LoggedRows, event: Event, keys: Keys, has_keys: bool) -> None:
    visit, payload = event.session_id, event.payload
    if events.ROWS not in payload:
        return
    key = keys.get(payload.get(events.SEALED_UNDER))
    is_unreadable = event.sealed is not None and key is None
    # Every key of a study goes at the end of its retention period; before that, only those of the erased.
    if visit is not None and (event.kind == event_kinds.SESSION_ERASED or (is_unreadable and has_keys)):
        state.erased.add(visit)
    personal = key.unseal(bytes(event.sealed)) if event.sealed and key else {}
    for content, hides in ((payload[events.ROWS], is_unreadable), (personal, False)):
        for name, rows in content.items():
            for row, values in rows.items():
                _put(state, BY_NAME[name], row, visit, dict(values), hides)


def _put(state: LoggedRows, table: LoggedTable, key: Key, visit: int | None, values: Row, hides: bool) -> None:
    state.put(table, key, values.pop(VISIT, visit if table.visit else None), values)
    if table.personal.keys() & values.keys():
        state.sealed.discard((table, key))
    elif table.personal and hides:
        state.sealed.add((table, key))


def _differing_fields(name: str, log: Row, now: Row, hidden: Collection[str]) -> Iterator[str]:
    for each in sorted(now.keys() - set(hidden)):  # the log also tells of columns that went since
        if log.get(each) != now.get(each):
            yield f"{name}: {each} is {_shown(log.get(each))} in the log, but {_shown(now.get(each))} is stored"


def _shown(value: Any) -> str:
    return "empty" if value in (None, "", [], {}) else repr(value)


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
