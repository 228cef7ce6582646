"""What is measured of a person on a task, and the table of it: the headline."""

from typing import Any

from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.tables.estimands import Over
from annotations.models import EndReason
from annotations.tables.columns import Boolean, Column, Count, Number, Share, Table, Text
from annotations.tables.shared import PARTICIPANT, TASK, field
from modeling.arrays.phrases.worded_scale import BetterThanGuessing

CONDITION: Column[Any] = Text("condition", "what the person saw, empty where the study has no conditions")
_OPTIMISTIC = "optimistic: the best over all phrases of the person, so the test images chose the phrase"
OVER: Column[Any] = Text(
    "over",
    "whom the mean is over: allocated, everybody who was given the task; with_run, those whose basis is run; "
    "with_score, those with a best_error_score; with_any_run, those with a run of any phrase; completed or time_over, "
    "those whose task_end is done or time_over",
    range=", ".join(Over),
)
PRIMARY: Column[Any] = Boolean("is_primary", "whether the study declared the measure before it opened")
ADJUSTED = "Holm's, over the primary rows of this table; empty for others, which are exploratory"
# What is measured of a person on a task: a column of summary.csv each.
MEASURES: tuple[Column[PersonTask], ...] = (
    Count("phrases", "phrases submitted in the task", field("n_phrases")),
    Count("tries", "distinct phrases that the person tried for the class"),
    Number(
        "best_error_score",
        "the highest error score of those phrases",
        range="0 to 1",
        computed="maximum of error_score over the person's rows of the task in phrases.csv; the first row wins a tie",
    ),
    Number(
        "null_level",
        "permutation level: what the best of so many words that are unrelated to the errors reaches, in 19 of 20 cases "
        "at most",
        range="0 to 1",
        computed="smallest attainable error score x with F0(x) to the power of tries at least 0.95",
    ),
    Number(
        "vocabulary_level",
        "what one common word reaches, in 19 of 20 cases at most; where the best phrase is a negation, one negated; "
        "empty until common words are scored, or where the class has too few images",
        range="0 to 1",
        computed="95% quantile of the error scores of Clarify's list of common words on the class",
    ),
    Number(
        "guess_chance",
        "chance that somebody who types as many random common words passes both levels; no gate; empty where it "
        "cannot be told",
        range="0 to 1",
        computed="1 - C(m, tries) / C(M, tries), m of the M common words being at or below the larger level",
    ),
    Number(
        "own_gain",
        "the headline: what the phrase with the best error score itself adds to worst-group accuracy on test; 0 where "
        "nothing could be retrained with, empty where basis is pending or failed",
        unit="share",
        range="-1 to 1",
        computed="worst_group_accuracy less control_worst_group, both of this table; 0 where basis is no_phrase or "
        "refused",
    ),
    Number(
        "random_slice_percentile",
        "how many of 100 people reach less who choose among as many random slices as the person had tries; empty "
        "without a run, until the slices are trained, and where they hardly differ",
        range="0 to 100",
        computed="share of all choices of that many of 50 random slices whose best by error score on validation has a "
        "lower worst-group accuracy on test, equal ones by half",
    ),
    Share(
        "control_worst_group",
        "on test, of the task's control: the same class weights without a phrase; empty until a run is trained",
        computed="control_worst_group in runs.csv, the same for all runs of a task",
    ),
    Share(
        "worst_group_accuracy",
        "on test, of the phrase with the best error score; the control's where nothing could be retrained with, empty "
        "where basis is pending or failed",
        computed="where basis is run, worst_group_accuracy in runs.csv of the run of the row that best_error_score is "
        "of; where it is no_phrase or refused, control_worst_group",
    ),
    Share(
        "worst_group_accuracy_chosen_on_test",
        _OPTIMISTIC,
        computed="maximum of worst_group_accuracy in runs.csv over the runs of the person's phrases in the task",
    ),
    Number(
        "active_time",
        "at work: in view, with a hand on it, online, not waiting for a score; empty where the browser said nothing",
        lambda row: row.times.active,
        unit="seconds",
        computed="length of the union of visible spans in the task, less waiting and offline ones; summed over visits",
    ),
    Number(
        "waiting_time",
        "spent waiting for scores; empty where the browser said nothing",
        lambda row: row.times.waiting,
        unit="seconds",
        computed="length of the union of waiting spans within the task; summed over visits",
    ),
    Number(
        "wall_time",
        "from the start of the task to its end",
        lambda row: row.times.wall,
        unit="seconds",
        computed="ended_at less started_at in assignments.csv; summed over visits",
    ),
)

SUMMARY: Table[PersonTask] = Table(
    "summary.csv",
    "one row per participant and task: the headline",
    "by task, then participant",
    (
        TASK,
        PARTICIPANT,
        CONDITION,
        *MEASURES,
        Text(
            "better_than_guessing",
            "whether the best phrase is above both levels; too_few_images with fewer than 10 right or wrong ones, "
            "not_known_yet until common words are scored; empty without a score",
            field("better"),
            range=", ".join(BetterThanGuessing),
            computed="best_error_score above null_level and vocabulary_level",
        ),
        Text(
            "basis",
            "what accuracy and own gain rest on: run, that of the best phrase; no_phrase or refused, nothing could be "
            "retrained with; pending or failed, not known yet, or a computation failed",
            range=", ".join(Basis),
            computed="state in runs.csv of the best phrase's run; without a score, of the person's phrases in "
            "phrases.csv; without a phrase, pending while the task has not ended and the visit's place is live",
        ),
        Text(
            "task_end",
            "how the task ended: done only where it was in every visit; empty before its end",
            field("times.end"),
            range=", ".join(EndReason.values),
            computed="end_reason in assignments.csv",
        ),
        Text("best_phrase", "the phrase with the best score; written as in phrases.csv"),
        Text("phrase_chosen_on_test", "the phrase of worst_group_accuracy_chosen_on_test; written as in phrases.csv"),
    ),
)
