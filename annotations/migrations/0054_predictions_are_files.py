"""The predictions of base models become files of the data store, as heads did in 0048.

The column with their bytes stays in its table for the pages of the release before, which read it; the release after
this one can drop it. A process of the release before cannot store a base model from here on: nothing would write its
file. If it is stopped, the migration leaves only files behind, and can run again.
"""

from typing import Any

from django.db import migrations, models

from annotations.base.data_store.stored_files import StoredFile

# One after the other in one transaction. Who reads is not held up before the second, and nobody stores in between.
NOBODY_STORES = "LOCK TABLE annotations_basemodel IN SHARE ROW EXCLUSIVE MODE"
NAME_THE_FILES = """
ALTER TABLE annotations_basemodel ADD predictions_sha256 varchar(64), ALTER predictions SET DEFAULT '';
UPDATE annotations_basemodel SET predictions_sha256 = encode(sha256(predictions), 'hex');
ALTER TABLE annotations_basemodel ALTER predictions_sha256 SET NOT NULL;
"""


def write_files(apps: Any, schema_editor: Any) -> None:
    """Read one row at a time: each is as long as a data set."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM annotations_basemodel")
        for (pk,) in cursor.fetchall():
            cursor.execute("SELECT predictions FROM annotations_basemodel WHERE id = %s", [pk])
            StoredFile.of(bytes(cursor.fetchone()[0]))


class Migration(migrations.Migration):
    dependencies = [("annotations", "0053_rules_said_shorter")]

    operations = [
        migrations.RunSQL(NOBODY_STORES),
        migrations.RunPython(write_files),
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(NAME_THE_FILES)],
            [
                migrations.AlterField(
                    "basemodel",
                    "predictions",
                    models.CharField(
                        max_length=64,
                        editable=False,
                        db_column="predictions_sha256",
                        help_text="int32 per row of the data set, -1 where there is none",
                    ),
                )
            ],
        ),
    ]
