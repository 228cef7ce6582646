"""Ids from outside move into sealed rows; the audit log is append-only; a rehearsal's events go with its visit."""

from django.db import migrations

from annotations.services.logs.identities import new_sealed_key, seal_under

FORWARD = """
CREATE OR REPLACE FUNCTION annotations_event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM annotations_annotationsession WHERE id = OLD.session_id AND kind IN ('preview', 'simulated')
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the event log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE FUNCTION annotations_audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON annotations_auditrecord
    FOR EACH ROW EXECUTE FUNCTION annotations_audit_refuse_change();
CREATE FUNCTION annotations_session_keep_kind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'whose visit it is never changes' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER session_keeps_kind BEFORE UPDATE OF kind ON annotations_annotationsession
    FOR EACH ROW WHEN (OLD.kind IS DISTINCT FROM NEW.kind) EXECUTE FUNCTION annotations_session_keep_kind();
"""
BACKWARD = """
DROP TRIGGER session_keeps_kind ON annotations_annotationsession;
DROP FUNCTION annotations_session_keep_kind();
DROP TRIGGER audit_append_only ON annotations_auditrecord;
DROP FUNCTION annotations_audit_refuse_change();
CREATE OR REPLACE FUNCTION annotations_event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def seal_entries(apps, schema_editor):
    """Each entry becomes a submission whose ids are sealed under its person's key."""
    Entry = apps.get_model("annotations", "Entry")
    IdentityKey = apps.get_model("annotations", "IdentityKey")
    Submission = apps.get_model("annotations", "Submission")
    for entry in Entry.objects.select_related("session__participant").iterator():
        pseudonym = entry.session.participant.pseudonym
        key, _created = IdentityKey.objects.get_or_create(
            study_id=entry.study_id, pseudonym=pseudonym, defaults={"sealed_key": new_sealed_key()}
        )
        ids = {
            "participant": entry.external_participant_id,
            "study": entry.external_study_id,
            "session": entry.external_session_id,
        }
        Submission.objects.create(
            study_id=entry.study_id,
            submission_key=entry.session.submission_key,
            pseudonym=pseudonym,
            session_id=entry.session_id,
            sealed_ids=seal_under(bytes(key.sealed_key), ids),
        )


class Migration(migrations.Migration):
    dependencies = [("annotations", "0020_running_a_study")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunPython(seal_entries, migrations.RunPython.noop),
    ]
