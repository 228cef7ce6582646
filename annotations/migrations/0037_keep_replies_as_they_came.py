"""Replies are append-only, whoever writes to the table; they go with visits that are erased, and with rehearsals."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION annotations_reply_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM annotations_annotationsession AS visit
        JOIN annotations_assignment AS assignment ON assignment.session_id = visit.id
        JOIN annotations_phrase AS phrase ON phrase.assignment_id = assignment.id
        WHERE phrase.id = OLD.phrase_id AND (visit.withdrawn_at IS NOT NULL OR visit.kind IN ('preview', 'simulated'))
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'replies are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reply_append_only BEFORE UPDATE OR DELETE ON annotations_reply
    FOR EACH ROW EXECUTE FUNCTION annotations_reply_refuse_change();
"""
BACKWARD = """
DROP TRIGGER reply_append_only ON annotations_reply;
DROP FUNCTION annotations_reply_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0036_carry_rows_over_into_the_log")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
