"""Retraining runs."""

from annotations.models import Run
from annotations.readings.releases.moderated_words import HIDDEN
from annotations.tables.columns import Column, Table
from annotations.tables.shared import SHARE, field, participant_column, session_column, task_column


def _typed(run: Run) -> str:
    hidden: bool = run.is_hidden  # type: ignore[attr-defined]  # annotated
    return HIDDEN if hidden else run.phrase_text


RUNS: Table[Run] = Table(
    "runs.csv",
    "one row per retraining: one for each distinct annotation of an assignment",
    "by participant, task, session, then creation",
    (
        Column("run", "text", "the run's id", field("public_id")),
        session_column(lambda row: row.assignment.session.submission_key),
        participant_column(lambda row: row.assignment.session.participant.pseudonym),
        task_column(lambda row: row.assignment.task.position),
        Column("base_model", "text", "the model that was retrained", lambda row: row.base_model.name),
        Column("target_class", "integer", "number of the annotated class, from 0"),
        Column("phrase_text", "text", "the phrase; written as in phrases.csv", _typed),
        Column("language", "text", "of the phrase"),
        Column("threshold", "number", "the similarity threshold", unit="cosine", range="-1 to 1"),
        Column("is_chosen", "boolean", "whether the person chose the threshold; primary analyses leave these out"),
        Column("sign", "integer", "of the similarity, as in phrases.csv", range="-1, 1"),
        Column("scheme", "text", "how the slices are weighted"),
        Column("l2", "number", "λ, the L2 coefficient", range="above 0"),
        Column("min_slice_size", "integer", "a smaller one is refused", unit="images"),
        Column("state", "text", "how it went", range="pending, done, refused, failed"),
        Column("reason", "text", "why it was refused or failed"),
        Column("n_above", "integer", "train images of the class above the threshold", unit="images"),
        Column("n_below", "integer", "train images of the class at or below it", unit="images"),
        Column(
            "worst_group_accuracy",
            "number",
            "on test: of the group that fares worst",
            computed="minimum of group_accuracies over groups that have images",
            **SHARE,
        ),
        Column(
            "average_accuracy",
            "number",
            "on test: over all groups, each as large as in train",
            computed="mean of group_accuracies weighted by the groups' train counts",
            **SHARE,
        ),
        Column(
            "plain_average_accuracy",
            "number",
            "on test: over all images",
            computed="share of test images that are right",
            **SHARE,
        ),
        Column(
            "robustness_gap",
            "number",
            "how far the worst group lies behind",
            unit="share",
            computed="average_accuracy less worst_group_accuracy",
        ),
        Column(
            "group_accuracies",
            "json",
            "on test, per group in the order of study.json; null for a group without images",
            **SHARE,
        ),
        Column(
            "base_worst_group_accuracy",
            "number",
            "of the base model, on test",
            lambda row: row.base_model.test_metrics["worst_group"],
            **SHARE,
        ),
        Column(
            "base_average_accuracy",
            "number",
            "of the base model, on test, weighted by the groups' train counts",
            lambda row: row.base_model.test_metrics["average"],
            **SHARE,
        ),
        Column(
            "control_worst_group",
            "number",
            "on test, of the control: the same class weights without a phrase; empty until it is trained",
            lambda row: row.control.worst_group_accuracy if row.control else None,
            **SHARE,
        ),
        Column(
            "own_gain",
            "number",
            "what the phrase itself adds to worst-group accuracy",
            unit="share",
            range="-1 to 1",
            computed="worst_group_accuracy less control_worst_group",
        ),
        Column(
            "random_slice_percentile",
            "number",
            "how many of 100 random slices of that size reach less; empty until they are trained, and where they "
            "hardly differ",
            range="0 to 100",
            computed="share of 50 random slices whose worst-group accuracy on test is below worst_group_accuracy, "
            "equal ones by half",
        ),
        Column("loss", "number", "the objective at the solution"),
        Column(
            "certified_gap",
            "number",
            "a bound on how far loss lies above the optimum",
            computed="squared norm of the objective's gradient, divided by twice λ",
        ),
        Column("created_at", "time", "when it was planned", unit="UTC"),
        Column("finished_at", "time", "when it ended", unit="UTC"),
        Column("code_version", "text", "version of Clarify that trained it"),
        Column("versions", "json", "library versions of the worker"),
    ),
)
