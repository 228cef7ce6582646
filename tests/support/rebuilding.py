"""Building a study's rows anew from its event log alone, in the place of those that are stored.

What is not in the log comes from where `log_registry` says that it is: the frozen configuration, the audit log, and a
store of arrays by their digests, in the place of `recompute`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection, models

from annotations.base.data_store.stored_files import StoredFile
from annotations.log.events import VISIT, Key
from annotations.log.log_registry import BY_NAME, TABLES, LoggedTable
from annotations.log.replay import Row, replay
from annotations.models import AuditRecord, Control, Correction, Run, RunState, Score, Study
from annotations.runs import random_slices
from annotations.studies.configuration_content import FROZEN_STUDY_FIELDS

Arrays = Mapping[str, bytes | StoredFile]


def rebuild(study: Study) -> None:
    """Delete what the log tells of, and build it again from the log; inside a transaction of the caller."""
    arrays = arrays_of(study)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")  # neither triggers nor foreign keys
        for table in reversed(TABLES[1:]):
            table.rows(study).order_by()._raw_delete(using="default")
        state = replay(study)
        _rebuild_study(study, state.rows)
        for table in TABLES[1:]:
            for key, row in state.rows[table].items():
                insert(table, study, key, row, arrays)
        cursor.execute("SET LOCAL session_replication_role = origin")


def arrays_of(study: Study) -> Arrays:
    """Arrays and files by their SHA-256; the heads of corrections by their ids."""
    scores = Score.objects.filter(phrase__assignment__session__study=study)
    runs = Run.objects.filter(assignment__session__study=study)
    found = scores.values_list("similarities", "text_embedding")
    arrays = {hashlib.sha256(data).hexdigest(): bytes(data) for pair in found for data in pair}
    files = {file.digest: file for pair in runs.values_list("head", "test_predictions") for file in pair if file}
    heads = Correction.objects.filter(study=study).values_list("public_id", "head")
    return arrays | files | {str(name): head for name, head in heads if head}


def _rebuild_study(study: Study, rows: Mapping[LoggedTable, Mapping[Key, Row]]) -> None:
    """The study's own row stays, with nothing of what the log has but what the log says."""
    newest = max(rows[BY_NAME["configuration"]].items(), key=lambda item: int(item[0]))[1]
    values = {name: newest["data"]["study"][name] for name in FROZEN_STUDY_FIELDS}
    values |= rows[BY_NAME["study"]][str(study.pk)]
    del values[VISIT]
    Study.objects.filter(pk=study.pk).update(**{name: _stored(Study, name, value) for name, value in values.items()})


def insert(table: LoggedTable, study: Study, key: Key, row: Row, arrays: Arrays) -> None:
    ways: dict[str, Any] = dict(zip(table.key, key.split(" / "), strict=True))
    if table.visit:
        ways[table.visit] = row[VISIT]
    told = {name: row[name] for name in row if name != VISIT}
    for name, value in told.items():
        ways[{**table.plain, **table.personal}[name]] = arrays[value] if name in table.digests and value else value
    made = table.model(**_fields(table, study, ways))
    _FROM_ELSEWHERE.get(table.name, lambda made, arrays: None)(made, arrays)
    made.save(force_insert=True)
    of_now = [f.attname for f in made._meta.concrete_fields if getattr(f, "auto_now_add", False)]
    if of_now:
        again = {name: _stored(table.model, name, ways[name]) for name in of_now}
        table.model._default_manager.filter(pk=made.pk).update(**again)


def _fields(table: LoggedTable, study: Study, ways: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {"study": study} if table.of_study == "study" else {}
    related: dict[str, dict[str, Any]] = defaultdict(dict)
    for way, value in ways.items():
        relation, _, rest = way.partition("__")
        if rest:
            related[relation][rest] = value
        else:
            fields[way] = _stored(table.model, way, value)
    for relation, lookups in related.items():
        if f"{relation}_id" not in fields:
            fields[relation] = _found(table.model, relation, lookups, study)
    return fields


def _found(model: type[models.Model], relation: str, lookups: dict[str, Any], study: Study) -> models.Model | None:
    if all(value is None for value in lookups.values()):
        return None
    other: Any = model._meta.get_field(relation).related_model
    if any(field.name == "study" for field in other._meta.concrete_fields):
        lookups = {**lookups, "study": study}
    found: models.Model = other._default_manager.get(**lookups)
    return found


def _stored(model: type[models.Model], name: str, value: Any) -> Any:
    if name == "pk":
        return int(value)
    field = next(each for each in model._meta.concrete_fields if name in (each.name, each.attname))
    return value if isinstance(field, models.BinaryField | models.ForeignKey) else field.to_python(value)


def _take_text(consent: Any, arrays: Arrays) -> None:
    consent.text = consent.session.configuration.consent_text(consent.language).text


def _take_visits(allocation: Any, arrays: Arrays) -> None:
    allocation.study_id, allocation.participant_id = allocation.session.study_id, allocation.session.participant_id


def _take_embedding(score: Any, arrays: Arrays) -> None:
    score.text_embedding = arrays[score.text_digest]


def _take_control(run: Any, arrays: Arrays) -> None:
    if run.state == RunState.DONE:
        of_class = Control.objects.filter(dataset=run.base_model.dataset_id, target_classes=[run.target_class])
        run.control = of_class.filter(scheme=run.scheme, l2=run.l2).first()
        run.random_slices = random_slices.find(run)


def _take_head_and_names(correction: Any, arrays: Arrays) -> None:
    correction.head = arrays.get(str(correction.public_id))
    for act, column in (("correction_requested", "requested_by"), ("correction_reviewed", "reviewed_by")):
        who = AuditRecord.objects.filter(act=act, subject=f"correction {correction.pk}").order_by("pk").last()
        setattr(correction, column, who.actor if who else "")


_FROM_ELSEWHERE: dict[str, Callable[[Any, Arrays], None]] = {
    "consent": _take_text,
    "allocation": _take_visits,
    "run": _take_control,
    "score": _take_embedding,
    "correction": _take_head_and_names,
}
