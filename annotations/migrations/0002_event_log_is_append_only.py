"""A trigger keeps the event log append-only, whoever writes to the table."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION annotations_event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON annotations_event
    FOR EACH ROW EXECUTE FUNCTION annotations_event_refuse_change();
"""
BACKWARD = """
DROP TRIGGER event_append_only ON annotations_event;
DROP FUNCTION annotations_event_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
