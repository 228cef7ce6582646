"""Replaying the event log: a study's visits, assignments, phrases, scores and runs built from its events alone.

`replay` reads nothing but events and keys; `stored` reads the tables into the same shape; `differences` names what the
two do not agree on. What another append-only table holds (consents, tries at the check, answers, spans, practice, the
audit log) is not in the log again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from annotations.models import AnnotationSession, Assignment, Event, IdentityKey, Phrase, Run, Score, Study
from annotations.services import event_images, events, identities
from annotations.services.event_images import (
    ASSIGNMENT,
    CHOICE,
    JUDGEMENT,
    PHRASE,
    RUN,
    SCORE,
    SESSION,
    Image,
    plain_json,
)

TABLES = (SESSION, ASSIGNMENT, PHRASE, SCORE, CHOICE, JUDGEMENT, RUN)
VISIT = "visit"  # in a row: the id of the visit that it belongs to

Key = str
Row = dict[str, Any]

_PSEUDONYMS = {"participant", "session"}  # of a visit; random ones take their place once the person is forgotten


@dataclass
class StudyState:
    """Rows by table and key. Keys are the ids that the log knows rows by, the same in `replay` and `stored`.

    incomplete: kinds of events by visit that were recorded before events carried rows: of such a visit the log cannot
    tell all. erased: visits whose person was erased; only the visit's own row is left of them, a tombstone. unreadable:
    visits whose key went with the study's retention period; what people typed is stored, and the log cannot tell it.
    """

    rows: dict[str, dict[Key, Row]] = field(default_factory=lambda: {table: {} for table in TABLES})
    incomplete: dict[int, Counter[str]] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    unreadable: set[int] = field(default_factory=set)

    def put(self, table: str, key: Key, visit: int, values: Mapping[str, Any]) -> None:
        """Set fields of a row, which is made where it is not there yet."""
        self.rows[table].setdefault(key, {VISIT: visit}).update(values)


def replay(study: Study) -> StudyState:
    """Build the state of a study from its events, in their order."""
    state = StudyState()
    keys = {key.pk: key for key in IdentityKey.objects.filter(study=study)}
    for event in study.events.exclude(session=None).select_related("study").order_by("pk").iterator():
        _apply(state, event, keys)
    for table in TABLES[1:]:
        rows = state.rows[table]
        state.rows[table] = {key: row for key, row in rows.items() if row[VISIT] not in state.erased}
    return state


def stored(study: Study) -> StudyState:
    """Read the state of a study from its tables, with arrays as their digests."""
    state = StudyState()
    for table, key, visit, image in _images(study):
        state.put(table, key, visit, {**image.plain, **image.personal})
    return state


def differences(replayed: StudyState, tables: StudyState) -> list[str]:
    """Name each row and field on which the log and the tables differ; visits that the log cannot tell are left out."""
    found: list[str] = []
    for table in TABLES:
        log, now = replayed.rows[table], tables.rows[table]
        for key in sorted(log.keys() | now.keys()):
            visit = (log.get(key) or now[key])[VISIT]
            if visit in replayed.incomplete:
                continue
            name = f"{table.replace('_', ' ')} {key}"
            if visit in replayed.erased and table != SESSION:
                found.append(f"{name}: is still stored, and its visit is erased")
            elif key not in now:
                found.append(f"{name}: is in the log, and not stored")
            elif key not in log:
                found.append(f"{name}: is stored, and not in the log")
            else:
                told = log[key].keys() if visit in replayed.unreadable else log[key].keys() | now[key].keys()
                told = told - _PSEUDONYMS if visit in replayed.erased else told
                found += _differing_fields(name, log[key], now[key], told)
    return found


def _apply(state: StudyState, event: Event, keys: Mapping[int, IdentityKey]) -> None:
    visit, payload = event.session_id, event.payload
    assert visit is not None, "events of the study itself change no rows"
    changed = payload.get(events.CHANGED)
    if changed is None:
        if event.kind in events.WITH_ROWS:
            state.incomplete.setdefault(visit, Counter())[event.kind] += 1
        return
    key = keys.get(payload.get(events.SEALED_UNDER))
    if event.kind == events.SESSION_ERASED:
        state.erased.add(visit)
    elif event.sealed is not None and key is None:  # every key of a study goes at the end of its retention period
        (state.erased if event.study.pseudonym_key else state.unreadable).add(visit)
    personal = identities.unseal_under(bytes(key.sealed_key), bytes(event.sealed)) if event.sealed and key else {}
    for table, values in changed.items():
        state.put(table, _key(table, visit, payload), visit, {**values, **personal.get(table, {})})
    if event.kind == events.RUN_PLANNED:
        state.put(RUN, payload["run"], visit, {"assignment": payload["assignment"]})


def _key(table: str, visit: int, payload: Mapping[str, Any]) -> Key:
    if table == SESSION:
        return str(visit)
    if table == RUN:
        return str(payload["run"])
    if table == ASSIGNMENT:
        return str(payload["assignment"])
    return f"{payload['assignment']} / {payload['ordinal']}"


def _images(study: Study) -> Iterator[tuple[str, Key, int, Image]]:
    """Every row that the log tells of: its table, its key, its visit, its image."""
    visits = AnnotationSession.objects.filter(study=study).select_related("participant", "configuration", "condition")
    for visit in visits.iterator():
        yield SESSION, str(visit.pk), visit.pk, event_images.session_image(visit)
    for assignment in Assignment.objects.filter(session__study=study).select_related("task").iterator():
        yield ASSIGNMENT, str(assignment.public_id), assignment.session_id, event_images.assignment_image(assignment)
    related = ("assignment", "threshold_choice__run", "judgement")
    phrases = Phrase.objects.filter(assignment__session__study=study).select_related(*related)
    for phrase in phrases.defer("threshold_choice__run__head", "threshold_choice__run__test_predictions").iterator():
        yield from _images_of_phrase(phrase)
    scores = Score.objects.filter(phrase__assignment__session__study=study)
    scores = scores.select_related("phrase__assignment", "run").defer("run__head", "run__test_predictions")
    for score in scores.iterator(chunk_size=200):
        image = event_images.score_image(score)
        link = {"run": plain_json(score.run.public_id)} if score.run else {}
        phrase = score.phrase
        yield SCORE, _phrase_key(phrase), phrase.assignment.session_id, Image(image.plain | link, image.personal)
    runs = Run.objects.filter(assignment__session__study=study).select_related("assignment", "base_model")
    for run in runs.defer("base_model__head", "base_model__predictions").iterator(chunk_size=50):
        image, owner = event_images.run_image(run), {"assignment": plain_json(run.assignment.public_id)}
        yield RUN, str(run.public_id), run.assignment.session_id, Image(image.plain | owner, image.personal)


def _images_of_phrase(phrase: Phrase) -> Iterator[tuple[str, Key, int, Image]]:
    key, visit = _phrase_key(phrase), phrase.assignment.session_id
    yield PHRASE, key, visit, event_images.phrase_image(phrase)
    if hasattr(phrase, "threshold_choice"):
        choice = phrase.threshold_choice
        link = {"run": plain_json(choice.run.public_id)} if choice.run else {}
        yield CHOICE, key, visit, Image(event_images.choice_image(choice).plain | link)
    if hasattr(phrase, "judgement"):
        yield JUDGEMENT, key, visit, event_images.judgement_image(phrase.judgement)


def _phrase_key(phrase: Phrase) -> Key:
    return f"{phrase.assignment.public_id} / {phrase.ordinal}"


def _differing_fields(name: str, log: Row, now: Row, told: Iterable[str]) -> list[str]:
    return [
        f"{name}: {each} is {_shown(log.get(each))} in the log, and {_shown(now.get(each))} as stored"
        for each in sorted(told)
        if log.get(each) != now.get(each)
    ]


def _shown(value: Any) -> str:
    return "empty" if value in (None, "", [], {}) else repr(value)
