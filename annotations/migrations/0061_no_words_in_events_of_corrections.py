"""Corrections and their events lose the phrases that versions up to 0.17 wrote beside each annotation (decision 101).

The phrase of an erased person would otherwise stand in the log for ever. What the events tell is in the phrases' rows.
"""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_KINDS = ("correction_trained", "correction_reviewed", "correction_undone")


def leave_out_words(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the phrases out; for this alone the log is not append-only."""
    for correction in apps.get_model("annotations", "Correction").objects.exclude(ablations=[]).iterator(10):
        if _pop_words(correction.ablations):
            correction.save(update_fields=["ablations"])
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table is altered while rows of it are to be checked
    schema_editor.execute("ALTER TABLE annotations_event DISABLE TRIGGER event_append_only")
    for event in apps.get_model("annotations", "Event").objects.filter(kind__in=_KINDS).iterator(10):
        rows = event.payload.get("changed_rows", {}).get("correction", {}).values()
        if [word for row in rows for word in _pop_words(row.get("ablations") or [])]:
            event.save(update_fields=["payload"])
    schema_editor.execute("ALTER TABLE annotations_event ENABLE TRIGGER event_append_only")


def _pop_words(ablations: list[dict[str, Any]]) -> list[str]:
    return [each.pop("phrase") for each in ablations if "phrase" in each]


class Migration(migrations.Migration):
    dependencies = [("annotations", "0060_runs_without_interval")]

    operations = [migrations.RunPython(leave_out_words, migrations.RunPython.noop, elidable=True)]
