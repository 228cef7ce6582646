"""The export of a study: one zip file, from one snapshot of the database, the same bytes for the same snapshot."""

import json
from collections.abc import Iterator
from typing import IO, Any

from django.db.models import Q

from annotations.exports.archive import Archive
from annotations.exports.columns import DICTIONARY, describe, write_time
from annotations.exports.readme import readme
from annotations.exports.rows import phrase_rows, study_rows
from annotations.exports.snapshot import snapshot
from annotations.exports.study_document import study_document
from annotations.exports.summary import summarise
from annotations.exports.tables import TABLES
from annotations.models import Study


def write_study_zip(study: Study, file: IO[bytes]) -> None:
    """Write the archive into `file`, streaming table by table. Runs in a transaction of its own."""
    with snapshot(), Archive(file) as archive:
        study = Study.objects.get(pk=study.pk)
        archive.text("README.txt", readme(study, (*TABLES, DICTIONARY)))
        for table, rows in study_rows(study, summarise(study)):
            archive.csv(table.file, table.lines(rows))
        archive.csv(DICTIONARY.file, DICTIONARY.lines(describe(TABLES)))
        archive.jsonl("phrases.jsonl", _raw_phrases(study))
        archive.jsonl("events.jsonl", _raw_events(study))
        archive.text(
            "study.json", json.dumps(study_document(study), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        )


def export_name(study: Study) -> str:
    """Return the file name that an export is offered under."""
    return f"clarify-{study.slug}.zip"


def _raw_phrases(study: Study) -> Iterator[dict[str, Any]]:
    for phrase in phrase_rows(study):
        score = getattr(phrase, "score", None)
        yield {
            "participant": phrase.assignment.session.participant.pseudonym,
            "session": phrase.assignment.session.submission_key,
            "task": phrase.assignment.task.position,
            "ordinal": phrase.ordinal,
            "text": phrase.text,
            "error_score": score.value if score else None,
        }


def _raw_events(study: Study) -> Iterator[dict[str, Any]]:
    counted = study.events.filter(Q(session=None) | Q(session__in=study.sessions.counted()))
    for event in counted.select_related("session").order_by("id").iterator():
        yield {
            "occurred_at": write_time(event.occurred_at),
            "kind": event.kind,
            "session": event.session.submission_key if event.session else None,
            "payload": event.payload,
        }
