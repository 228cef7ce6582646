"""A draft that was acted on can be deleted: its audit records stay, word for word, and only lose the link to it."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE OR REPLACE FUNCTION annotations_audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.study_id IS NULL
        AND to_jsonb(NEW) - 'study_id' = to_jsonb(OLD) - 'study_id'
        AND EXISTS (SELECT 1 FROM annotations_study WHERE id = OLD.study_id AND state = 'draft')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION annotations_audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0023_texts_in_several_languages")]
    operations = [
        migrations.AlterField(
            model_name="auditrecord",
            name="study",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="audit_records",
                to="annotations.study",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
