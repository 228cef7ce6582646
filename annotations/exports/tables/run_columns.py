"""Retraining runs."""

from annotations.models import Run
from annotations.readings.releases.moderated_words import HIDDEN
from annotations.tables.columns import Boolean, Integer, Json, Number, Share, Table, Text, Time
from annotations.tables.shared import SHARE, field, participant_column, session_column, task_column


def _typed(run: Run) -> str:
    hidden: bool = run.is_hidden  # type: ignore[attr-defined]  # annotated
    return HIDDEN if hidden else run.phrase_text


RUNS: Table[Run] = Table(
    "runs.csv",
    "one row per retraining: one for each distinct annotation of an assignment",
    "by participant, task, session, then creation",
    (
        Text("run", "the run's id", field("public_id")),
        session_column(lambda row: row.assignment.session.submission_key),
        participant_column(lambda row: row.assignment.session.participant.pseudonym),
        task_column(lambda row: row.assignment.task.position),
        Text("base_model", "the model that was retrained", lambda row: row.base_model.name),
        Integer("target_class", "number of the annotated class, from 0"),
        Text("phrase_text", "the phrase; written as in phrases.csv", _typed),
        Text("language", "of the phrase"),
        Number("threshold", "the similarity threshold", unit="cosine", range="-1 to 1"),
        Boolean("is_chosen", "whether the person chose the threshold; primary analyses leave these out"),
        Integer("sign", "of the similarity, as in phrases.csv", range="-1, 1"),
        Text("scheme", "how the slices are weighted"),
        Number("l2", "λ, the L2 coefficient", range="above 0"),
        Integer("min_slice_size", "a smaller one is refused", unit="images"),
        Text("state", "how it went", range="pending, done, refused, failed"),
        Text("reason", "why it was refused or failed"),
        Integer("n_above", "train images of the class above the threshold", unit="images"),
        Integer("n_below", "train images of the class at or below it", unit="images"),
        Share(
            "worst_group_accuracy",
            "on test: of the group that fares worst",
            computed="minimum of group_accuracies over groups that have images",
        ),
        Share(
            "average_accuracy",
            "on test: over all groups, each as large as in train",
            computed="mean of group_accuracies weighted by the groups' train counts",
        ),
        Share("plain_average_accuracy", "on test: over all images", computed="share of test images that are right"),
        Number(
            "robustness_gap",
            "how far the worst group lies behind",
            unit="share",
            computed="average_accuracy less worst_group_accuracy",
        ),
        Json(
            "group_accuracies",
            "on test, per group in the order of study.json; null for a group without images",
            **SHARE,
        ),
        Share(
            "base_worst_group_accuracy",
            "of the base model, on test",
            lambda row: row.base_model.test_metrics["worst_group"],
        ),
        Share(
            "base_average_accuracy",
            "of the base model, on test, weighted by the groups' train counts",
            lambda row: row.base_model.test_metrics["average"],
        ),
        Share(
            "control_worst_group",
            "on test, of the control: the same class weights without a phrase; empty until it is trained",
            lambda row: row.control.worst_group_accuracy if row.control else None,
        ),
        Number(
            "own_gain",
            "what the phrase itself adds to worst-group accuracy",
            unit="share",
            range="-1 to 1",
            computed="worst_group_accuracy less control_worst_group",
        ),
        Number(
            "random_slice_percentile",
            "how many of 100 random slices of that size reach less; empty until they are trained, and where they "
            "hardly differ",
            range="0 to 100",
            computed="share of 50 random slices whose worst-group accuracy on test is below worst_group_accuracy, "
            "equal ones by half",
        ),
        Number("loss", "the objective at the solution"),
        Number(
            "certified_gap",
            "a bound on how far loss lies above the optimum",
            computed="squared norm of the objective's gradient, divided by twice λ",
        ),
        Time("created_at", "when it was planned"),
        Time("finished_at", "when it ended"),
        Text("code_version", "version of Clarify that trained it"),
        Json("versions", "library versions of the worker"),
    ),
)
