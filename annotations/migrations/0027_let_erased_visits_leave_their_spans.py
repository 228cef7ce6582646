"""Spans stay append-only, but for visits that are erased and for rehearsals: they go with the visit."""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION annotations_span_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM annotations_annotationsession
        WHERE id = OLD.session_id AND (withdrawn_at IS NOT NULL OR kind IN ('preview', 'simulated'))
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'spans are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION annotations_span_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'spans are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0026_baselines_of_base_models")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
