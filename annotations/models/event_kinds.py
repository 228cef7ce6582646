"""The kinds of events: what can happen in a study."""

STUDY_OPENED = "study_opened"
STUDY_PAUSED = "study_paused"
STUDY_RESUMED = "study_resumed"
STUDY_CLOSED = "study_closed"
STUDY_AMENDED = "study_amended"
SESSION_ENTERED = "session_entered"
DEVICE_REPORTED = "device_reported"
CONSENT_GIVEN = "consent_given"
CONSENT_DECLINED = "consent_declined"
PRACTICE_LOOKED = "practice_looked"
PRACTICE_TRIED = "practice_tried"
TUTORIAL_DONE = "tutorial_done"
CHECK_TRIED = "check_tried"
CHECK_PASSED = "check_passed"
CHECK_FAILED = "check_failed"
SESSION_CHANGED = "session_changed"
SESSION_FINISHED = "session_finished"
EFFECT_SEEN = "effect_seen"
TRUST_RATED = "trust_rated"
SESSION_WITHDRAWN = "session_withdrawn"
SESSION_ERASED = "session_erased"
IDENTITY_DESTROYED = "identity_destroyed"
SPANS_REPORTED = "spans_reported"
ALLOCATION_MADE = "allocation_made"
ALLOCATION_EXTENDED = "allocation_extended"
ALLOCATION_COMPLETED = "allocation_completed"
ALLOCATION_RELEASED = "allocation_released"
SUBMISSION_STATUS = "submission_status"
ASSIGNMENT_MADE = "assignment_made"
ASSIGNMENT_STARTED = "assignment_started"
ASSIGNMENT_ENDED = "assignment_ended"
ASSIGNMENT_NOTED = "assignment_noted"
KEYWORDS_SHOWN = "keywords_shown"
SCREEN_SHOWN = "screen_shown"
PHRASE_SUBMITTED = "phrase_submitted"
PHRASE_SCORED = "phrase_scored"
PHRASE_FAILED = "phrase_failed"
PHRASE_MODERATED = "phrase_moderated"
THRESHOLD_CHOSEN = "threshold_chosen"
PHRASE_JUDGED = "phrase_judged"
REPLY_PASSED_OVER = "reply_passed_over"
RUN_PLANNED = "run_planned"
RUN_DONE = "run_done"
RUN_REFUSED = "run_refused"
RUN_FAILED = "run_failed"
CORRECTION_TRAINED = "correction_trained"
CORRECTION_REVIEWED = "correction_reviewed"
CORRECTION_UNDONE = "correction_undone"

KINDS = frozenset(kind for name, kind in dict(vars()).items() if name.isupper())

# Each of these carries the visit's row, read when it is recorded: record it after the row was changed.
OF_A_VISIT = frozenset(
    {
        SESSION_ENTERED,
        CONSENT_GIVEN,
        CONSENT_DECLINED,
        PRACTICE_LOOKED,
        TUTORIAL_DONE,
        CHECK_PASSED,
        CHECK_FAILED,
        SESSION_CHANGED,
        SESSION_FINISHED,
        EFFECT_SEEN,
        SESSION_WITHDRAWN,
        SESSION_ERASED,
    }
)
