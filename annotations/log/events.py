"""The event log: what happened in a study, written in the transaction of its effect.

An event that changes a row of which the log tells (`log_registry`) carries the row as it is afterwards
(`event_payloads`), so that `replay` builds all of them from the log alone (docs/decisions/0010).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from annotations.log import identities
from annotations.log.event_payloads import RowState, plain_json, row_state
from annotations.models import AnnotationSession, Event, IdentityKey, Study, event_kinds

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
