"""Triggers keep logs and replies append-only, and the kind of a visit fixed, whoever writes to the tables.

Exceptions: rows of previews and simulated visits go with their visit, spans and replies go with a visit that was
withdrawn, and the audit records of a draft lose their link to it if it is deleted.
"""

EVENTS = """
CREATE FUNCTION annotations_event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM annotations_annotationsession WHERE id = OLD.session_id AND kind IN ('preview', 'simulated')
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the event log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON annotations_event
    FOR EACH ROW EXECUTE FUNCTION annotations_event_refuse_change();
"""
SPANS = """
CREATE FUNCTION annotations_span_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM annotations_annotationsession
        WHERE id = OLD.session_id AND (withdrawn_at IS NOT NULL OR kind IN ('preview', 'simulated'))
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'spans are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER span_append_only BEFORE UPDATE OR DELETE ON annotations_span
    FOR EACH ROW EXECUTE FUNCTION annotations_span_refuse_change();
"""
REPLIES = """
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
AUDIT_RECORDS = """
CREATE FUNCTION annotations_audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.study_id IS NULL
        AND to_jsonb(NEW) - 'study_id' = to_jsonb(OLD) - 'study_id'
        AND EXISTS (SELECT 1 FROM annotations_study WHERE id = OLD.study_id AND state = 'draft')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON annotations_auditrecord
    FOR EACH ROW EXECUTE FUNCTION annotations_audit_refuse_change();
"""
VISITS = """
CREATE FUNCTION annotations_session_keep_kind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'whose visit it is never changes' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER session_keeps_kind BEFORE UPDATE OF kind ON annotations_annotationsession
    FOR EACH ROW WHEN (OLD.kind IS DISTINCT FROM NEW.kind) EXECUTE FUNCTION annotations_session_keep_kind();
"""

STATEMENTS = (EVENTS, SPANS, REPLIES, AUDIT_RECORDS, VISITS)
