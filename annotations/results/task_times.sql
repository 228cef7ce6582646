-- Tabs and reloads overlap, so spans of one kind are united first. A multirange is a set of times: + unites, - takes
-- away, * intersects. In view and idle in one tab while at work in another is at work.
WITH counted AS (
    SELECT assignment.id, task.position AS task, participant.pseudonym AS participant,
           assignment.started_at, assignment.ended_at, assignment.end_reason
      FROM annotations_assignment AS assignment
      JOIN annotations_task AS task ON task.id = assignment.task_id
      JOIN annotations_annotationsession AS session ON session.id = assignment.session_id
      JOIN annotations_participant AS participant ON participant.id = session.participant_id
     WHERE session.study_id = %(study)s AND session.kind = %(kind)s
       AND session.withdrawn_at IS NULL AND session.erased_at IS NULL AND assignment.started_at IS NOT NULL
), united AS (
    SELECT span.assignment_id,
           range_agg(tstzrange(span.began_at, span.ended_at)) FILTER (WHERE span.kind = 'visible') AS visible,
           range_agg(tstzrange(span.began_at, span.ended_at)) FILTER (WHERE span.kind = 'waiting') AS waiting,
           range_agg(tstzrange(span.began_at, span.ended_at)) FILTER (WHERE span.kind = 'offline') AS offline
      FROM annotations_span AS span
     WHERE span.assignment_id IN (SELECT id FROM counted)
     GROUP BY span.assignment_id
), cut AS (
    SELECT counted.*, united.assignment_id IS NOT NULL AS was_seen,
           COALESCE(visible, '{}') * tstzmultirange(tstzrange(started_at, ended_at)) AS visible,
           COALESCE(waiting, '{}') * tstzmultirange(tstzrange(started_at, ended_at)) AS waiting,
           COALESCE(offline, '{}') AS offline
      FROM counted LEFT JOIN united ON united.assignment_id = counted.id
)
SELECT task, participant, bool_or(was_seen),
       SUM((SELECT COALESCE(SUM(EXTRACT(EPOCH FROM upper(r) - lower(r))), 0)
              FROM unnest(visible - waiting - offline) AS r)),
       SUM((SELECT COALESCE(SUM(EXTRACT(EPOCH FROM upper(r) - lower(r))), 0) FROM unnest(waiting) AS r)),
       SUM(EXTRACT(EPOCH FROM ended_at - started_at)),
       COALESCE(MAX(end_reason) FILTER (WHERE end_reason <> 'done'), MAX(end_reason))
  FROM cut GROUP BY task, participant
