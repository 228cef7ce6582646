"""The event log: what happened in a study, written in the transaction of its effect.

An event that changes a row of which the log tells (`log_registry`) carries the row's state afterwards, so that `replay`
builds all of them from the log alone (docs/decisions/0010). A state is the row's own fields as JSON. What people typed,
and what gives it away (a digest of it, a name by which the person is known), is personal: the log keeps that part
sealed, and it is gone with the person's key. Large arrays are there as SHA-256 digests.
"""

import datetime as dt
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet

from annotations.base.data_store.stored_files import StoredFile
from annotations.log import identities
from annotations.log.log_registry import OF_MODEL, LoggedTable, Paths
from annotations.models import AnnotationSession, Event, IdentityKey, Study, event_kinds

Key = str
Read = Callable[[str], Any]  # from a way to what stands there


@dataclass(frozen=True)
class RowState:
    """A row's fields as JSON: `plain` stands in the log as it is, `personal` under the person's key.

    key: the same for the row in each event. visit: the id of the visit that it is of, None for a row of the study.
    """

    table: LoggedTable
    key: Key
    visit: int | None
    plain: Mapping[str, Any]
    personal: Mapping[str, Any] = field(default_factory=dict)


def row_state(row: Model) -> RowState:
    """Return the state of a row as the object has it; reads what it points to if that is not loaded."""
    table = OF_MODEL[type(row)]
    return _state(table, _reader(row), table.plain, table.personal)


def partial_state(row: Model, *names: str) -> RowState:
    """Return the state of some plain fields of a row, the others being as the log has them already."""
    table = OF_MODEL[type(row)]
    return _state(table, _reader(row), {name: table.plain[name] for name in names}, {})


def unsealed_state(row: Model) -> RowState:
    """Return the state of a row whose names have become random ones, which lead to nobody and need no seal."""
    sealed = row_state(row)
    return RowState(sealed.table, sealed.key, sealed.visit, {**sealed.plain, **sealed.personal})


def stored_states(table: LoggedTable, rows: QuerySet[Any, Any]) -> Iterator[RowState]:
    """Yield the states of rows of a table as they are stored."""
    for row in rows.values(*table.paths).iterator(_AT_ONCE):
        yield _state(table, row.__getitem__, table.plain, table.personal)


def digest(data: bytes | memoryview | StoredFile | None) -> str | None:
    """Return the SHA-256 of an array's bytes, None where there is none; a file is named by it, and is not read."""
    if isinstance(data, StoredFile):
        return data.digest
    return None if data is None else hashlib.sha256(data).hexdigest()


def plain_json(value: Any) -> Any:
    """Return a value as the log holds it: a UUID as its text, a time as ISO 8601 in UTC with microseconds."""
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return value


_AT_ONCE = 200  # rows in memory, some with the similarities to a whole class


def _state(table: LoggedTable, read: Read, plain: Paths, personal: Paths) -> RowState:
    key = " / ".join(str(plain_json(read(path))) for path in table.key)
    visit = read(table.visit) if table.visit else None
    return RowState(table, key, visit, _told(table, plain, read), _told(table, personal, read))


def _reader(row: Model) -> Read:
    def read(path: str) -> Any:
        value: Any = row
        for name in path.split("__"):
            value = None if value is None else getattr(value, name)
        return value

    return read


def _told(table: LoggedTable, paths: Paths, read: Read) -> dict[str, Any]:
    return {name: _value(table, name, path, read) for name, path in paths.items()}


def _value(table: LoggedTable, name: str, path: str, read: Read) -> Any:
    if name in table.told_once and read("state") not in table.told_once[name]:
        return ""
    value = read(path)
    return digest(value) if name in table.digests else plain_json(value)


ROWS = "changed_rows"  # in a payload, and in what is sealed beside it: fields by table and key
VISIT = "visit"  # in fields: of a row whose event is of no visit, or of another
SEALED_UNDER = "sealed_under"  # in a payload: the id of the key, which outlives the key and says nothing of the person


@dataclass(frozen=True)
class Entry:
    """An event to be recorded. `changed`: rows, or states of rows; `payload` says what else there is to say."""

    kind: str
    session: AnnotationSession | None = None
    changed: Sequence[Model | RowState] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)


def record(kind: str, of: AnnotationSession | Study, *changed: Model | RowState, **payload: Any) -> Event:
    """Append one event of a visit, or of the study itself, with the rows that it changed as they are now.

    `payload` is JSON (a UUID becomes its text) and never holds an outside id, address or name.

    Raises ValueError for a kind that is not in KINDS, for something personal without the visit of its person, and for
    a name in the payload that is taken.
    """
    study, session = (of, None) if isinstance(of, Study) else (of.study, of)
    return record_all(study, [Entry(kind, session, changed, payload)])[0]


def record_all(study: Study, entries: Iterable[Entry]) -> list[Event]:
    """Append events in the order given, all in one statement. Personal parts are sealed, each under its person's key.

    Of a person who was erased nothing personal is written, and no key is made. Raises ValueError as `record` does.
    """
    with_states = [(entry, _states_of(entry)) for entry in entries]
    keys = _keys(study, with_states)
    return Event.objects.bulk_create(_event(study, entry, states, keys) for entry, states in with_states)


def _states_of(entry: Entry) -> Sequence[RowState]:
    if entry.kind not in event_kinds.KINDS:
        raise ValueError(f"{entry.kind!r} is not an event kind")
    if {ROWS, SEALED_UNDER} & entry.payload.keys():
        raise ValueError(f"the payload of {entry.kind!r} has a key that is reserved for the rows")
    states = tuple(each if isinstance(each, RowState) else row_state(each) for each in entry.changed)
    if entry.session is None and any(each.personal for each in states):
        raise ValueError(f"{entry.kind!r} has personal data, so it must name a visit")
    if entry.kind not in event_kinds.OF_A_VISIT or entry.session is None:
        return states
    visits = AnnotationSession.objects.select_related("participant", "configuration", "condition")
    visit = visits.defer("configuration__data").get(pk=entry.session.pk)  # which holds every text of the study
    # A person is told of under each of their keys: an erasure replaces the one that they entered with.
    is_told = entry.kind in (event_kinds.SESSION_ENTERED, event_kinds.SESSION_ERASED)
    person = (row_state(visit.participant),) if is_told else ()
    return (*person, row_state(visit), *states)


def _keys(study: Study, with_states: Iterable[tuple[Entry, Sequence[RowState]]]) -> dict[str, IdentityKey]:
    """The keys of the people of whom there is something to seal, by pseudonym."""
    people = {
        entry.session.participant
        for entry, states in with_states
        if entry.session is not None and any(each.personal for each in states)
    }
    return identities.keys_of(study, {person.pseudonym for person in people if person.erased_at is None})


def _event(study: Study, entry: Entry, states: Sequence[RowState], keys: Mapping[str, IdentityKey]) -> Event:
    payload = {name: plain_json(value) for name, value in entry.payload.items()}
    visit = entry.session.pk if entry.session else None
    plain: dict[str, dict[str, Any]] = defaultdict(dict)
    personal: dict[str, dict[str, Any]] = defaultdict(dict)
    for each in states:
        elsewhere = {VISIT: each.visit} if each.visit not in (visit, None) else {}
        plain[each.table.name][each.key] = {**each.plain, **elsewhere}
        if each.personal:
            personal[each.table.name][each.key] = each.personal
    if plain:
        payload[ROWS] = plain
    key = keys.get(entry.session.participant.pseudonym) if personal and entry.session is not None else None
    if key is None:
        return Event(study=study, session=entry.session, kind=entry.kind, payload=payload)
    payload[SEALED_UNDER] = key.pk
    sealed = identities.opened(bytes(key.sealed_key)).seal(personal)
    return Event(study=study, session=entry.session, kind=entry.kind, payload=payload, sealed=sealed)
