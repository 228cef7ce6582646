"""The tables that the event log tells of, each with what the log says of a row.

One definition serves all: `event_images` makes an event's part of it, `replay` builds rows from events by it and reads
the tables by it. Each column of a table is here, or in `left_out` with the reason. A test names the
tables that the log does not tell of.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model, Q

from annotations.models import (
    Allocation,
    AnnotationSession,
    Assignment,
    CheckAttempt,
    Condition,
    Consent,
    Correction,
    CorrectionPart,
    DeviceReport,
    EndAnswer,
    Judgement,
    Participant,
    Phrase,
    PhraseState,
    PracticePhrase,
    Reply,
    Run,
    RunState,
    Score,
    Span,
    Study,
    StudyConfiguration,
    StudyState,
    Task,
    ThresholdChoice,
)
from annotations.models.study import AMENDABLE
from annotations.readings.studies.configuration_content import FROZEN_STUDY_FIELDS
from annotations.services.logs.log_schema import LoggedTable, columns


def _of_a_visit(model: type[Model], name: str, own_key: str = "", **definition: Any) -> LoggedTable:
    """A table whose rows point to their visit."""
    key = ("session_id", own_key) if own_key else ("session_id",)
    person = "session__participant"
    return LoggedTable(name, model, "session__study", key, "session_id", of_person=person, **definition)


def _of_a_phrase(model: type[Model], name: str, *own_key: str, **definition: Any) -> LoggedTable:
    """A table whose rows point to their phrase."""
    key = ("phrase__assignment__public_id", "phrase__ordinal", *own_key)
    visit = "phrase__assignment__session"
    return LoggedTable(
        name, model, f"{visit}__study", key, f"{visit}_id", of_person=f"{visit}__participant", **definition
    )


_BEGUN = ~Q(study__state=StudyState.DRAFT)  # a draft can be changed at will, and its material too
_IN_CONFIGURATION = "frozen: stands in the configuration's data"
_NEVER_FROZE = "how to find and pay people, and whom to call: in no table of results; the audit log has each change"
_JOB = "how a worker gets on with it"
_BUDGETS = "n_spans n_screens n_replies n_starts n_refused"
_STAFF = "who of the staff did it: the audit log has that"
_KEY = "a key is in no log"

STUDY = LoggedTable(
    "study",
    Study,
    "pk",
    ("pk",),
    "",
    plain=columns("slug title state audience new_concept_chance created_at opened_at closed_at"),
    only=~Q(state=StudyState.DRAFT),
    left_out={
        _IN_CONFIGURATION: " ".join({*FROZEN_STUDY_FIELDS} - {"slug", "title", "audience"}),
        _NEVER_FROZE: " ".join({*AMENDABLE} - {"new_concept_chance"}),
        _KEY: "sealed_pseudonym_key",
        _STAFF: "revision revised_by revised_at",
        "says nothing of the study's people": "cloned_from",
    },
)
CONFIGURATION = LoggedTable(
    "configuration",
    StudyConfiguration,
    "study",
    ("version",),
    "",
    plain=columns("data digest created_at"),
    only=_BEGUN,
)
CONDITION = LoggedTable(
    "condition",
    Condition,
    "study",
    ("position",),
    "",
    plain=columns("name show_suggestions suggest_rewordings show_goal keyword_display"),
    only=_BEGUN,
)
TASK = LoggedTable(
    "task",
    Task,
    "study",
    ("position",),
    "",
    plain=columns(
        "target_class text_template suggested_words keywords min_phrases max_phrases time_limit_s",
        base_model="base_model__name",
        dataset="base_model__dataset__digest",
    ),
    only=_BEGUN,
)
PARTICIPANT = LoggedTable(
    "participant",
    Participant,
    "study",
    ("pk",),
    "",
    plain=columns("created_at erased_at"),
    personal=columns("pseudonym"),
    outlives_erasure=True,
    of_person="pk",
)
SESSION = LoggedTable(
    "session",
    AnnotationSession,
    "study",
    ("pk",),
    "pk",
    plain=columns(
        "public_id kind verification order stage outcome seed code_version created_at consented_at looked_at "
        "tutorial_done_at ended_at withdrawn_at is_late erased_at",
        person="participant_id",
        configuration="configuration__version",
        condition="condition__name",
    ),
    personal=columns("", participant="participant__pseudonym", session="submission_key"),
    outlives_erasure=True,
    left_out={
        _KEY: "sealed_withdrawal_token",
        "how much of its budgets is used: the rows themselves are told of": _BUDGETS,
    },
    of_person="participant",
)
CONSENT = _of_a_visit(
    Consent,
    "consent",
    plain=columns("agreed version language answered_at"),
    outlives_erasure=True,
    left_out={"the configuration's of that version, in that language": "text"},
)
ALLOCATION = _of_a_visit(
    Allocation,
    "allocation",
    plain=columns(
        "order counts seed state allocated_at lease_expires_at ended_at release_reason", condition="condition__name"
    ),
    outlives_erasure=True,
    left_out={"the visit's": "study participant"},
)
DEVICE = _of_a_visit(
    DeviceReport,
    "device_report",
    "reported_at",
    plain={},
    personal=columns("client_uuid has_script images_load screen_width screen_height pixel_ratio touch round_trip_ms"),
)
PRACTICE = _of_a_visit(
    PracticePhrase,
    "practice_phrase",
    "ordinal",
    plain=columns("client_uuid submitted_at"),
    personal=columns("text value"),
)
CHECK = _of_a_visit(CheckAttempt, "check_attempt", "number", plain=columns("client_uuid answers n_wrong answered_at"))
END_ANSWER = _of_a_visit(
    EndAnswer, "end_answer", "number", plain=columns("question language answered_at"), personal=columns("answer")
)
ASSIGNMENT = LoggedTable(
    "assignment",
    Assignment,
    "session__study",
    ("public_id",),
    "session_id",
    plain=columns(
        "position state started_at first_deadline_at deadline_at ended_at end_reason keywords_seen_at",
        task="task__position",
    ),
    personal=columns("note"),
    of_person="session__participant",
)
SPAN = _of_a_visit(
    Span,
    "span",
    "client_uuid",
    plain=columns("opening kind image_key began_at ended_at received_at", assignment="assignment__public_id"),
)
PHRASE = LoggedTable(
    "phrase",
    Phrase,
    "assignment__session__study",
    ("assignment__public_id", "ordinal"),
    "assignment__session_id",
    plain=columns("client_uuid state submitted_at writing moderation keywords_seen", id="pk"),
    personal=columns("text last_error moderation_reason"),
    told_once={"last_error": frozenset({PhraseState.FAILED})},
    left_out={_JOB: "attempts"},
    of_person="assignment__session__participant",
)
RUN = LoggedTable(
    "run",
    Run,
    "assignment__session__study",
    ("public_id",),
    "assignment__session_id",
    plain=columns(
        "target_class threshold is_chosen sign scheme l2 min_slice_size state n_above n_below worst_group_accuracy "
        "average_accuracy plain_average_accuracy robustness_gap group_accuracies loss certified_gap code_version "
        "versions created_at finished_at",
        assignment="assignment__public_id",
        base_model="base_model__name",
    ),
    personal=columns("phrase_text reason annotation_digest test_predictions head"),
    digests=frozenset({"test_predictions", "head"}),  # a head names the phrase
    told_once={"reason": frozenset({RunState.REFUSED, RunState.FAILED})},
    left_out={
        _JOB: "attempts leased_until",
        "follows from data set, class, slices, scheme and λ": "control random_slices",
        "follows from base model and class": "trained_rows",
    },
    of_person="assignment__session__participant",
)
SCORE = _of_a_phrase(
    Score,
    "score",
    plain=columns(
        "value threshold two_sided two_sided_threshold n_correct n_error p_value p_method tries null_level sign "
        "guessing_level level_shown goal goal_shown page_version "
        "text_template language class_name_cosine encoder dataset_digest code_version encode_ms scored_at",
        run="run__public_id",
    ),
    personal=columns("subject rendered_text rewordings text_digest similarities"),
    digests=frozenset({"similarities"}),
    left_out={"text_digest is its SHA-256": "text_embedding"},
)
CHOICE = _of_a_phrase(ThresholdChoice, "threshold_choice", plain=columns("threshold chosen_at", run="run__public_id"))
JUDGEMENT = _of_a_phrase(Judgement, "judgement", plain=columns("answer answered_at"))
REPLY = _of_a_phrase(Reply, "reply", "kind", "client_uuid", plain=columns("said made_at received_at took_effect"))
CORRECTION = LoggedTable(
    "correction",
    Correction,
    "study",
    ("public_id",),
    "",
    plain=columns(
        "state error scheme effects ablations loss certified_gap code_version versions review created_at finished_at "
        "reviewed_at review_reason",
        id="pk",
        base_model="base_model__name",
        second="second_base_model__name",
        second_dataset="second_base_model__dataset__digest",
    ),
    only=~Q(code_version=""),  # those that were trained: before that there is nothing to tell
    left_out={
        "gives phrases away, and no one person's key can seal it; recompute trains it again": "head",
        _JOB: "attempts attempts_before phase phase_began_at phase_began_with n_done n_total heartbeat_at",
        _STAFF: "requested_by reviewed_by",
    },
)
PART = LoggedTable(
    "correction_part",
    CorrectionPart,
    "correction__study",
    ("correction__public_id", "target_class"),
    "score__phrase__assignment__session_id",
    plain=columns(
        "threshold by_hand",
        assignment="score__phrase__assignment__public_id",
        ordinal="score__phrase__ordinal",
    ),
    only=~Q(correction__code_version=""),
)

# In the order above, in which a row comes after what it points to.
TABLES = tuple(table for table in vars().values() if isinstance(table, LoggedTable))
# What somebody did in a visit: it goes with the visit when that is erased, a row before what it points to.
DONE_IN_A_VISIT = tuple(table for table in reversed(TABLES) if table.visit and not table.outlives_erasure)
OF_MODEL: Mapping[type[Model], LoggedTable] = {table.model: table for table in TABLES}
BY_NAME: Mapping[str, LoggedTable] = {table.name: table for table in TABLES}
