"""The tables of a study's export and their columns; `rows` has the queries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from annotations.exports.columns import Cell, Column, Table
from annotations.exports.summary import ParticipantSummary, Spread
from annotations.models import (
    AnnotationSession,
    Assignment,
    EndAnswer,
    EndReason,
    Outcome,
    Participant,
    Phrase,
    Run,
    Span,
    SpanKind,
    Stage,
)

_SHARE = {"range": "0 to 1", "unit": "share"}
_COUNT = {"range": "0 or more"}


def _participant_column(pseudonym: Callable[[Any], str]) -> Column[Any]:
    return Column("participant", "text", "pseudonym of the person, made with a key of this study alone", pseudonym)


def _session_column(submission_key: Callable[[Any], str]) -> Column[Any]:
    return Column("session", "text", "pseudonym of the visit, unique in the study", submission_key)


def _task_column(position: Callable[[Any], int]) -> Column[Any]:
    return Column("task", "integer", "number of the task in the study, from 1; study.json describes it", position)


def _scored(attribute: str) -> Callable[[Phrase], Any]:
    """Return a getter of a field of the phrase's score; None before it is scored."""
    return lambda phrase: getattr(phrase.score, attribute) if hasattr(phrase, "score") else None


def _field(attribute: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, attribute)


def _seconds_at_work(assignment: Assignment) -> float | None:
    if assignment.started_at is None or assignment.ended_at is None:
        return None
    return (assignment.ended_at - assignment.started_at).total_seconds()


def _seconds_of_span(span: Span) -> float:
    return (span.ended_at - span.began_at).total_seconds()


def _run_of(phrase: Phrase) -> Cell:
    return phrase.score.run.public_id if hasattr(phrase, "score") and phrase.score.run else None


def _chosen_run_of(phrase: Phrase) -> Cell:
    run = phrase.threshold_choice.run if hasattr(phrase, "threshold_choice") else None
    return run.public_id if run else None


PARTICIPANTS: Table[Participant] = Table(
    "participants.csv",
    "one row per person who entered",
    "by participant",
    (
        _participant_column(lambda row: row.pseudonym),
        Column("created_at", "time", "when the person first entered", _field("created_at"), unit="UTC"),
        Column("sessions", "integer", "visits of this person", _field("n_sessions"), range="1 or more"),
        Column("finished_sessions", "integer", "visits that were completed", _field("n_finished"), **_COUNT),
    ),
)

SESSIONS: Table[AnnotationSession] = Table(
    "sessions.csv",
    "one row per visit",
    "by participant, then by created_at",
    (
        _session_column(lambda row: row.submission_key),
        _participant_column(lambda row: row.participant.pseudonym),
        Column("configuration", "integer", "version frozen at opening", lambda row: row.configuration.version),
        Column("stage", "text", "where the visit stands", _field("stage"), range=", ".join(Stage.values)),
        Column("outcome", "text", "empty while the visit lasts", _field("outcome"), range=", ".join(Outcome.values)),
        Column("seed", "integer", "seeds the samples of images that the person is shown", _field("seed")),
        Column("created_at", "time", "when the person entered", _field("created_at"), unit="UTC"),
        Column("consented_at", "time", "when the person consented", _field("consented_at"), unit="UTC"),
        Column("tutorial_done_at", "time", "when the tutorial was done", _field("tutorial_done_at"), unit="UTC"),
        Column("check_tries", "integer", "tries at the comprehension check", _field("n_check_tries"), range="0 to 2"),
        Column("ended_at", "time", "when the visit ended", _field("ended_at"), unit="UTC"),
        Column(
            "withdrawn_at",
            "time",
            "when the person withdrew: nothing of the visit is to be used then",
            _field("withdrawn_at"),
            unit="UTC",
        ),
        Column("code_version", "text", "version of Clarify at entry", _field("code_version")),
    ),
)

ASSIGNMENTS: Table[Assignment] = Table(
    "assignments.csv",
    "one row per visit and task",
    "by participant, session, then task",
    (
        _session_column(lambda row: row.session.submission_key),
        _participant_column(lambda row: row.session.participant.pseudonym),
        _task_column(lambda row: row.task.position),
        Column("position", "integer", "place in this visit's order of tasks, from 1", _field("position")),
        Column("state", "text", "whether it was begun and ended", _field("state"), range="waiting, active, ended"),
        Column("started_at", "time", "when the clock started", _field("started_at"), unit="UTC"),
        Column("first_deadline_at", "time", "the deadline at the start", _field("first_deadline_at"), unit="UTC"),
        Column(
            "deadline_at",
            "time",
            "the same, moved by the time that scoring took",
            _field("deadline_at"),
            unit="UTC",
        ),
        Column("ended_at", "time", "when it ended", _field("ended_at"), unit="UTC"),
        Column("end_reason", "text", "why it ended", _field("end_reason"), range=", ".join(EndReason.values)),
        Column("duration", "number", "ended_at less started_at, waiting included", _seconds_at_work, unit="seconds"),
        Column("phrases", "integer", "phrases submitted", _field("n_phrases"), **_COUNT),
    ),
)

PHRASES: Table[Phrase] = Table(
    "phrases.csv",
    "one row per phrase submitted, with its score",
    "by participant, task, then the time of submission: the earliest of tied phrases comes first",
    (
        _session_column(lambda row: row.assignment.session.submission_key),
        _participant_column(lambda row: row.assignment.session.participant.pseudonym),
        _task_column(lambda row: row.assignment.task.position),
        Column("ordinal", "integer", "1 for the first phrase of the visit's task", _field("ordinal")),
        Column(
            "text",
            "text",
            "the phrase as typed (NFC); one that starts with = + - @ has an apostrophe in front here, and none in "
            "phrases.jsonl",
            _field("text"),
        ),
        Column("phrase", "integer", "the phrase's id, as the API and recompute know it", _field("pk")),
        Column("state", "text", "whether it has a score", _field("state"), range="pending, scored, failed"),
        Column("submitted_at", "time", "when the server stored it", _field("submitted_at"), unit="UTC"),
        Column("scored_at", "time", "when its score was stored", _scored("scored_at"), unit="UTC"),
        Column(
            "error_score",
            "number",
            "how well the phrase tells errors from correct images: the largest share of errors above a similarity "
            "threshold less the share of correct images above it, 0 at the least",
            _scored("value"),
            range="0 to 1",
        ),
        Column(
            "threshold",
            "number",
            "the similarity threshold where that difference is largest; empty where the error score is 0",
            _scored("threshold"),
            unit="cosine",
            range="-1 to 1",
        ),
        Column(
            "two_sided_error_score",
            "number",
            "the same without regard to direction; above error_score, the words point to correct images",
            _scored("two_sided"),
            range="0 to 1",
        ),
        Column(
            "two_sided_threshold",
            "number",
            "the threshold of two_sided_error_score; empty where that is 0, and in scores of Clarify 0.1",
            _scored("two_sided_threshold"),
            unit="cosine",
            range="-1 to 1",
        ),
        Column(
            "p_value",
            "number",
            "the probability that a random phrase scores as high, one-sided; conservative where similarities are tied; "
            "of this phrase alone, whatever else was tried; empty in scores of Clarify 0.1",
            _scored("p_value"),
            range="0 to 1",
        ),
        Column("p_method", "text", "how p_value was computed", _scored("p_method"), range="exact, asymptotic"),
        Column(
            "tries",
            "integer",
            "distinct phrases that the person had submitted for this class so far, this one included",
            _scored("tries"),
            range="1 or more",
        ),
        Column(
            "null_level",
            "number",
            "what random words reach: the error score that the best of so many random phrases does not pass in 19 of "
            "20 cases",
            _scored("null_level"),
            range="0 to 1",
        ),
        Column(
            "sign",
            "integer",
            "-1 for a negation, whose subject is scored with the direction turned: an image is above the threshold "
            "where sign times its similarity to the subject is",
            _scored("sign"),
            range="-1, 1",
        ),
        Column("subject", "text", "the phrase without its negation; written as text is", _scored("subject")),
        Column("correct_images", "integer", "validation images of the class that are right", _scored("n_correct")),
        Column("wrong_images", "integer", "validation images of the class that are wrong", _scored("n_error")),
        Column("rendered_text", "text", "what was embedded: the subject in the template", _scored("rendered_text")),
        Column("text_template", "text", "the template", _scored("text_template")),
        Column("text_digest", "text", "SHA-256 of the text embedding", _scored("text_digest")),
        Column(
            "class_name_cosine",
            "number",
            "cosine of the subject's and the class name's text embeddings",
            _scored("class_name_cosine"),
            unit="cosine",
            range="-1 to 1",
        ),
        Column("encoder", "text", "the encoder that embedded it", _scored("encoder")),
        Column("dataset_digest", "text", "SHA-256 of the data set", _scored("dataset_digest")),
        Column("encode_time", "number", "of the batch it was in", _scored("encode_ms"), unit="milliseconds"),
        Column("code_version", "text", "version of Clarify that scored it", _scored("code_version")),
        Column("run", "text", "its run in runs.csv, empty where none was planned", _run_of),
        Column(
            "chosen_threshold",
            "number",
            "the threshold that the person chose last, empty where that is the automatic one",
            lambda row: row.threshold_choice.threshold if hasattr(row, "threshold_choice") else None,
            unit="cosine",
            range="-1 to 1",
        ),
        Column("chosen_run", "text", "the run of the chosen threshold, empty where none was planned", _chosen_run_of),
        Column(
            "judgement",
            "text",
            "whether the images most like the phrase have in them what it says, as the person sees it; empty where not "
            "answered",
            lambda row: row.judgement.answer if hasattr(row, "judgement") else None,
            range="yes, no, unsure",
        ),
        Column(
            "rewordings",
            "json",
            "other wordings from the vocabulary, nearest first, that the study suggests",
            _scored("rewordings"),
        ),
    ),
)

RUNS: Table[Run] = Table(
    "runs.csv",
    "one row per retraining: one for each distinct annotation of an assignment",
    "by participant, task, session, then creation",
    (
        Column("run", "text", "the run's id", _field("public_id")),
        _session_column(lambda row: row.assignment.session.submission_key),
        _participant_column(lambda row: row.assignment.session.participant.pseudonym),
        _task_column(lambda row: row.assignment.task.position),
        Column("base_model", "text", "the model that was retrained", lambda row: row.base_model.name),
        Column("target_class", "integer", "number of the annotated class, from 0", _field("target_class")),
        Column("phrase_text", "text", "the phrase; written as in phrases.csv", _field("phrase_text")),
        Column("threshold", "number", "the similarity threshold", _field("threshold"), unit="cosine", range="-1 to 1"),
        Column(
            "is_chosen",
            "boolean",
            "whether the person chose the threshold; primary analyses leave these out",
            _field("is_chosen"),
        ),
        Column("sign", "integer", "of the similarity, as in phrases.csv", _field("sign"), range="-1, 1"),
        Column("scheme", "text", "how the slices are weighted", _field("scheme")),
        Column("l2", "number", "λ, the L2 coefficient", _field("l2"), range="above 0"),
        Column("least_slice_size", "integer", "a smaller one is refused", _field("least_slice_size"), unit="images"),
        Column("state", "text", "how it went", _field("state"), range="pending, done, refused, failed"),
        Column("reason", "text", "why it was refused or failed", _field("reason")),
        Column("n_above", "integer", "train images of the class above the threshold", _field("n_above"), unit="images"),
        Column("n_below", "integer", "train images of the class at or below it", _field("n_below"), unit="images"),
        Column(
            "worst_group_accuracy",
            "number",
            "on test: the least accuracy over groups that have members",
            _field("worst_group_accuracy"),
            **_SHARE,
        ),
        Column(
            "average_accuracy",
            "number",
            "on test: the mean of group accuracies weighted by the groups' train counts",
            _field("average_accuracy"),
            **_SHARE,
        ),
        Column(
            "plain_average_accuracy",
            "number",
            "on test: the share that is right",
            _field("plain_average_accuracy"),
            **_SHARE,
        ),
        Column("robustness_gap", "number", "average less worst-group accuracy", _field("robustness_gap"), unit="share"),
        Column(
            "group_accuracies",
            "json",
            "on test, per group in the order of study.json; null for a group without images",
            _field("group_accuracies"),
            **_SHARE,
        ),
        Column(
            "base_worst_group_accuracy",
            "number",
            "of the base model, on test",
            lambda row: row.base_model.test_metrics["worst_group"],
            **_SHARE,
        ),
        Column(
            "base_average_accuracy",
            "number",
            "of the base model, on test, weighted by the groups' train counts",
            lambda row: row.base_model.test_metrics["average"],
            **_SHARE,
        ),
        Column("loss", "number", "the objective at the solution", _field("loss")),
        Column("certified_gap", "number", "a bound on the loss above the optimum", _field("certified_gap")),
        Column("created_at", "time", "when it was planned", _field("created_at"), unit="UTC"),
        Column("finished_at", "time", "when it ended", _field("finished_at"), unit="UTC"),
        Column("code_version", "text", "version of Clarify that trained it", _field("code_version")),
        Column("versions", "json", "library versions of the worker", _field("versions")),
    ),
)

END_ANSWERS: Table[EndAnswer] = Table(
    "end_answers.csv",
    "one row per answer to the study's own questions at the end; a question that was skipped has none",
    "by participant, session, then number",
    (
        _session_column(lambda row: row.session.submission_key),
        _participant_column(lambda row: row.session.participant.pseudonym),
        Column("number", "integer", "of the question, from 1", _field("number")),
        Column("question", "text", "as it was shown", _field("question")),
        Column("answer", "text", "as chosen or typed; written as in phrases.csv", _field("answer")),
        Column("answered_at", "time", "when the server stored it", _field("answered_at"), unit="UTC"),
    ),
)

SPANS: Table[Span] = Table(
    "spans.csv",
    "one row per span of time on the visit's pages, raw, as the browser reported it; they may overlap",
    "by participant, session, then began_at",
    (
        _session_column(lambda row: row.session.submission_key),
        _participant_column(lambda row: row.session.participant.pseudonym),
        Column(
            "task",
            "integer",
            "number of the task, empty on other pages than a task's",
            lambda row: row.assignment.task.position if row.assignment else None,
        ),
        Column("opening", "text", "tells tabs and reloads apart: one opening of one page", _field("opening")),
        Column(
            "kind",
            "text",
            "visible, idle (in view, half a minute without a hand) and hidden follow each other; offline, waiting for "
            "a score and enlarged lie over them",
            _field("kind"),
            range=", ".join(SpanKind.values),
        ),
        Column("image_key", "text", "the image that was enlarged", _field("image_key")),
        Column("began_at", "time", "by the server's clock", _field("began_at"), unit="UTC"),
        Column("ended_at", "time", "by the server's clock", _field("ended_at"), unit="UTC"),
        Column("duration", "number", "ended_at less began_at", _seconds_of_span, unit="seconds"),
        Column("received_at", "time", "when the server stored it", _field("received_at"), unit="UTC"),
    ),
)

SUMMARY: Table[ParticipantSummary] = Table(
    "summary.csv",
    "one row per participant and task: the headline",
    "by task, then participant",
    (
        _task_column(lambda row: row.task),
        _participant_column(lambda row: row.participant),
        Column("phrases", "integer", "phrases submitted in the task", _field("n_phrases"), **_COUNT),
        Column(
            "best_error_score",
            "number",
            "the highest error score of those phrases; the earliest wins a tie",
            _field("best_error_score"),
            range="0 to 1",
        ),
        Column("best_phrase", "text", "the phrase with that score; written as in phrases.csv", _field("best_phrase")),
        Column(
            "worst_group_accuracy",
            "number",
            "the headline: on test, of the run of the phrase with the best error score; empty where that has no "
            "finished run",
            _field("worst_group_accuracy"),
            **_SHARE,
        ),
        Column(
            "worst_group_accuracy_chosen_on_test",
            "number",
            "optimistic: the best over all phrases of the person, so the test images chose the phrase",
            _field("worst_group_accuracy_chosen_on_test"),
            **_SHARE,
        ),
    ),
)


@dataclass(frozen=True)
class Total:
    """One measure of one task over its participants."""

    task: int
    measure: str
    spread: Spread
    base_model: float | None


TOTALS: Table[Total] = Table(
    "summary_totals.csv",
    "one row per task and measure of summary.csv, beside the base model",
    "by task, then measure",
    (
        _task_column(lambda row: row.task),
        Column("measure", "text", "a column of summary.csv", _field("measure")),
        Column("participants", "integer", "participants who have the measure", lambda row: row.spread.n, **_COUNT),
        Column("mean", "number", "over these participants", lambda row: row.spread.mean, range="0 to 1"),
        Column("sd", "number", "sample standard deviation (n - 1), empty below two", lambda row: row.spread.sd),
        Column("max", "number", "over these participants", lambda row: row.spread.max, range="0 to 1"),
        Column("base_model", "number", "the base model's, where it has the measure", _field("base_model"), **_SHARE),
    ),
)

TABLES: tuple[Table[Any], ...] = (
    PARTICIPANTS,
    SESSIONS,
    ASSIGNMENTS,
    PHRASES,
    RUNS,
    END_ANSWERS,
    SPANS,
    SUMMARY,
    TOTALS,
)
