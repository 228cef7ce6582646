"""What an event says of the rows that it changed, so that they can be built again from the log alone.

An image is a row's own fields as JSON. What people typed, and what gives it away (a digest of it, a name by which the
person is known), is personal: the log keeps that part sealed, and it is gone with the person's key. Large arrays are
there as SHA-256 digests. Left out are ids of the database, links that the event itself names, and `attempts`.
"""

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from annotations.models import (
    AnnotationSession,
    Assignment,
    Judgement,
    Phrase,
    PhraseState,
    Run,
    RunState,
    Score,
    ThresholdChoice,
)

SESSION = "session"
ASSIGNMENT = "assignment"
PHRASE = "phrase"
SCORE = "score"
RUN = "run"
CHOICE = "threshold_choice"
JUDGEMENT = "judgement"

_SESSION_FIELDS = (
    "public_id",
    "kind",
    "tier",
    "order",
    "stage",
    "outcome",
    "seed",
    "code_version",
    "created_at",
    "consented_at",
    "looked_at",
    "tutorial_done_at",
    "ended_at",
    "withdrawn_at",
    "is_late",
    "erased_at",
)
_ASSIGNMENT_FIELDS = (
    "position",
    "state",
    "started_at",
    "first_deadline_at",
    "deadline_at",
    "ended_at",
    "end_reason",
)
_PHRASE_FIELDS = ("client_uuid", "state", "submitted_at", "moderation")
_SCORE_FIELDS = (
    "value",
    "threshold",
    "two_sided",
    "two_sided_threshold",
    "n_correct",
    "n_error",
    "p_value",
    "p_method",
    "tries",
    "null_level",
    "sign",
    "text_template",
    "class_name_cosine",
    "encoder",
    "dataset_digest",
    "code_version",
    "encode_ms",
    "scored_at",
)
_SCORE_PERSONAL = ("subject", "rendered_text", "rewordings", "text_digest")
_RUN_FIELDS = (
    "target_class",
    "threshold",
    "is_chosen",
    "sign",
    "scheme",
    "l2",
    "least_slice_size",
    "state",
    "n_above",
    "n_below",
    "worst_group_accuracy",
    "average_accuracy",
    "plain_average_accuracy",
    "robustness_gap",
    "group_accuracies",
    "loss",
    "certified_gap",
    "code_version",
    "versions",
    "created_at",
    "finished_at",
)


@dataclass(frozen=True)
class Image:
    """A row's fields as JSON: `plain` stands in the log as it is, `personal` under the person's key."""

    plain: dict[str, Any]
    personal: dict[str, Any] = field(default_factory=dict)


def session_image(session: AnnotationSession) -> Image:
    """Of a visit; its condition by name, its configuration by version. Reads the condition and the configuration."""
    plain = _fields(session, _SESSION_FIELDS) | {
        "configuration": session.configuration.version,
        "condition": session.condition.name if session.condition else None,
    }
    return Image(plain, {"participant": session.participant.pseudonym, "session": session.submission_key})


def assignment_image(assignment: Assignment) -> Image:
    """Of an assignment; its task by number."""
    return Image(_fields(assignment, _ASSIGNMENT_FIELDS) | {"task": assignment.task.position})


def phrase_image(phrase: Phrase) -> Image:
    """Of a phrase; why it failed only once it did."""
    failed = phrase.state == PhraseState.FAILED
    personal = {
        "text": phrase.text,
        "last_error": phrase.last_error if failed else "",
        "moderation_reason": phrase.moderation_reason,
    }
    return Image(_fields(phrase, _PHRASE_FIELDS), personal)


def score_image(score: Score) -> Image:
    """Of a score, the text embedding by its digest."""
    digests = {"similarities": digest(score.similarities)}
    return Image(_fields(score, _SCORE_FIELDS), _fields(score, _SCORE_PERSONAL) | digests)


def run_image(run: Run) -> Image:
    """Of a run; why it was refused or failed only once it was. Its head names the phrase, so its digest is personal."""
    ended_badly = run.state in (RunState.REFUSED, RunState.FAILED)
    personal = {
        "phrase_text": run.phrase_text,
        "reason": run.reason if ended_badly else "",
        "annotation_digest": run.annotation_digest,
        "test_predictions": digest(run.test_predictions),
        "head": digest(run.head),
    }
    return Image(_fields(run, _RUN_FIELDS) | {"base_model": run.base_model.name}, personal)


def choice_image(choice: ThresholdChoice) -> Image:
    """Of the threshold that a person chose last for a phrase."""
    return Image(_fields(choice, ("threshold", "chosen_at")))


def judgement_image(judgement: Judgement) -> Image:
    """Of what a person said last of the images most like a phrase."""
    return Image(_fields(judgement, ("answer", "answered_at")))


def digest(data: bytes | memoryview | None) -> str | None:
    """Return the SHA-256 of an array's bytes, None where there is none."""
    return None if data is None else hashlib.sha256(data).hexdigest()


def plain_json(value: Any) -> Any:
    """Return a value as the log holds it: a UUID as its text, a time as ISO 8601 in UTC with microseconds."""
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return value


def _fields(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: plain_json(getattr(row, name)) for name in names}
