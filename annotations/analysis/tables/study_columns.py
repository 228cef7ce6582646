"""The columns of the analysis tables: CSV files, the page's tables and the data dictionary are made from these."""

from collections.abc import Mapping
from dataclasses import dataclass

from annotations.analysis.observations.exclusion_counts import Counted
from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.statistics.estimate_types import Estimate
from annotations.analysis.tables.measures import ADJUSTED, MEASURES, OVER, PRIMARY
from annotations.analysis.tables.phrase_splits import Panel, SplitPart
from annotations.analysis.tables.table3 import Listed
from annotations.tables.columns import Column, Table
from annotations.tables.shared import COUNT, PARTICIPANT, SCORE, SHARE, TASK, field

_CLASS = "name of the annotated class"


@dataclass(frozen=True)
class Total:
    """One measure of one task over its people. reference: of the base model, or what unrelated words reach on average.

    missing: how many people have no value, by reason. p_value: that the mean own gain is 0, or that of best error
    scores what unrelated words reach on average; None for other measures. adjusted_p: Holm's over all that are primary.
    """

    task: int
    measure: str
    over: str
    estimate: Estimate
    missing: Mapping[str, int]
    reference: float | None
    is_primary: bool = False
    p_value: float | None = None
    adjusted_p: float | None = None


_STUDENT = "Student's t: mean ± t(0.975, participants - 1) · sd / √participants"
_BCA = "bias-corrected and accelerated bootstrap of people, from a fixed seed"
_TIMES = ("active_time", "waiting_time", "wall_time")

EXPERTS: Table[PersonTask] = Table(
    "experts.csv",
    "one row per expert and task: what experts reached on the same class of the same base model, here or in a study of "
    "their own",
    "by task, then expert",
    (
        TASK,
        Column("expert", "text", "pseudonym, made with the key of the study of the visit", field("participant")),
        *(measure for measure in MEASURES if measure.name not in _TIMES),
        Column("best_phrase", "text", "the phrase with the best score; written as in phrases.csv"),
    ),
)

TOTALS: Table[Total] = Table(
    "estimates.csv",
    "one row per task, measure of summary.csv and whom its mean is over, with an interval for the mean",
    "by task, then measure",
    (
        TASK,
        Column("measure", "text", "a column of summary.csv"),
        OVER,
        PRIMARY,
        Column("participants", "integer", "participants who have the measure", field("estimate.n"), **COUNT),
        Column("missing", "json", "how many have not, by reason", lambda row: dict(sorted(row.missing.items()))),
        Column("mean", "number", "over these participants", field("estimate.mean")),
        Column("sd", "number", "sample standard deviation (n - 1), empty below two", field("estimate.sd")),
        Column("median", "number", "over these participants", field("estimate.median")),
        Column("max", "number", "over these participants", field("estimate.max")),
        Column("mean_low", "number", "lower end of the mean's 95% interval", field("estimate.low"), computed=_STUDENT),
        Column("mean_high", "number", "its upper end; empty below two", field("estimate.high"), computed=_STUDENT),
        Column("bca_low", "number", "lower end by bootstrap, beside it", field("estimate.bca_low"), computed=_BCA),
        Column("bca_high", "number", "its upper end", field("estimate.bca_high"), computed=_BCA),
        Column("resamples", "integer", "of the bootstrap; its seed is fixed", field("estimate.resamples"), **COUNT),
        Column(
            "p_value",
            "number",
            "two-sided, Student's t: that the mean own gain is 0, or the mean best error score what unrelated words "
            "reach on average in each person's tries; empty for other measures",
            **SCORE,
        ),
        Column("adjusted_p", "number", ADJUSTED, **SCORE),
        Column(
            "base_model",
            "number",
            "the base model's, where it has the measure",
            lambda row: row.reference if "accuracy" in row.measure else None,
            **SHARE,
        ),
        Column(
            "random_words",
            "number",
            "what words unrelated to the errors reach on average in as many tries, where that is the measure",
            lambda row: row.reference if row.measure == "best_error_score" else None,
            **SCORE,
        ),
    ),
)

TABLE_3: Table[Listed] = Table(
    "table_3.csv",
    "one row per phrase and list of the paper's table 3; a phrase that is best in both ways is in both lists",
    "by task, list, then alphabet",
    (
        TASK,
        Column(
            "list",
            "text",
            "which list",
            lambda row: row.phrase_list.value,
            range="Best WGA, Best Error Score, All Others",
        ),
        Column("text", "text", "the phrase; written as in phrases.csv"),
        PARTICIPANT,
        Column("error_score", "number", "of the phrase", **SCORE),
        Column("worst_group_accuracy", "number", "on test, of its run", **SHARE),
    ),
)

SPLITS: Table[SplitPart] = Table(
    "splits.csv",
    "one row per task, split and part: accuracy on the images of the class above and below the threshold of the task's "
    "best phrase, before and after retraining with it",
    "by task, split, then part",
    (
        TASK,
        Column("class", "text", _CLASS, field("class_name")),
        Column("phrase", "text", "the study's phrase with the highest error score"),
        Column("split", "text", "validation chose the phrase and its threshold; test did not"),
        Column(
            "part",
            "text",
            "minority: sign times similarity above the threshold; majority: the rest; class: both; all: every class",
            range="minority, majority, class, all",
        ),
        Column("images", "integer", "in the part", field("n"), **COUNT),
        Column("before", "number", "accuracy of the base model; empty without an image", **SHARE),
        Column("after", "number", "accuracy after retraining; on test alone", **SHARE),
    ),
)

PANELS: Table[Panel] = Table(
    "panels.csv",
    "one row per image of the panels: a sample of the easy and of the hard slice of a task's best phrases",
    "by task, phrase, slice, then place",
    (
        TASK,
        Column("class", "text", _CLASS, field("class_name")),
        Column("phrase", "text", "the phrase"),
        Column("slice", "text", "hard: above the threshold; easy: at or below it", range="easy, hard"),
        Column("place", "integer", "in the panel, from 1"),
        Column("image_key", "text", "the image, as the data set names it"),
        Column("is_error", "boolean", "whether the base model was wrong on it"),
        Column("similarity", "number", "to the phrase's subject", unit="cosine"),
    ),
)


COUNTED: Table[Counted] = Table(
    "left_out.csv",
    "one row per kind of thing that was left out, or that has no number",
    "as they come in a visit",
    (
        Column("what", "text", "what"),
        Column("n", "integer", "how many", range="1 or more"),
        Column("is_left_out", "boolean", "whether it is in no number at all"),
        Column("reason", "text", "why, or what that means"),
    ),
)
