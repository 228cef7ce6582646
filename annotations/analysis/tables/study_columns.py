"""The columns of the analysis tables: CSV files, the page's tables and the data dictionary are made from these."""

from collections.abc import Mapping
from dataclasses import dataclass

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.statistics.estimate_types import Estimate
from annotations.analysis.tables.measures import ADJUSTED, MEASURES, OVER, PRIMARY
from annotations.analysis.tables.phrase_splits import Panel, SplitPart
from annotations.analysis.tables.table3 import Listed
from annotations.tables.columns import Boolean, Count, Integer, Json, Number, Share, Table, Text
from annotations.tables.shared import PARTICIPANT, SCORE, TASK, field

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
        Text("expert", "pseudonym, made with the key of the study of the visit", field("participant")),
        *(measure for measure in MEASURES if measure.name not in _TIMES),
        Text("best_phrase", "the phrase with the best score; written as in phrases.csv"),
    ),
)

TOTALS: Table[Total] = Table(
    "estimates.csv",
    "one row per task, measure of summary.csv and whom its mean is over, with an interval for the mean",
    "by task, then measure",
    (
        TASK,
        Text("measure", "a column of summary.csv"),
        OVER,
        PRIMARY,
        Count("participants", "participants who have the measure", field("estimate.n")),
        Json("missing", "how many have not, by reason", lambda row: dict(sorted(row.missing.items()))),
        Number("mean", "over these participants", field("estimate.mean")),
        Number("sd", "sample standard deviation (n - 1), empty below two", field("estimate.sd")),
        Number("median", "over these participants", field("estimate.median")),
        Number("max", "over these participants", field("estimate.max")),
        Number("mean_low", "lower end of the mean's 95% interval", field("estimate.low"), computed=_STUDENT),
        Number("mean_high", "its upper end; empty below two", field("estimate.high"), computed=_STUDENT),
        Number("bca_low", "lower end by bootstrap, beside it", field("estimate.bca_low"), computed=_BCA),
        Number("bca_high", "its upper end", field("estimate.bca_high"), computed=_BCA),
        Count("resamples", "of the bootstrap; its seed is fixed", field("estimate.resamples")),
        Number(
            "p_value",
            "two-sided, Student's t: that the mean own gain is 0, or the mean best error score what unrelated words "
            "reach on average in each person's tries; empty for other measures",
            **SCORE,
        ),
        Number("adjusted_p", ADJUSTED, **SCORE),
        Share(
            "base_model",
            "the base model's, where it has the measure",
            lambda row: row.reference if "accuracy" in row.measure else None,
        ),
        Number(
            "random_words",
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
        Text("list", "which list", lambda row: row.phrase_list.value, range="Best WGA, Best Error Score, All Others"),
        Text("text", "the phrase; written as in phrases.csv"),
        PARTICIPANT,
        Number("error_score", "of the phrase", **SCORE),
        Share("worst_group_accuracy", "on test, of its run"),
    ),
)

SPLITS: Table[SplitPart] = Table(
    "splits.csv",
    "one row per task, split and part: accuracy on the images of the class above and below the threshold of the task's "
    "best phrase, before and after retraining with it",
    "by task, split, then part",
    (
        TASK,
        Text("class", _CLASS, field("class_name")),
        Text("phrase", "the study's phrase with the highest error score"),
        Text("split", "validation chose the phrase and its threshold; test did not"),
        Text(
            "part",
            "minority: sign times similarity above the threshold; majority: the rest; class: both; all: every class",
            range="minority, majority, class, all",
        ),
        Count("images", "in the part", field("n")),
        Share("before", "accuracy of the base model; empty without an image"),
        Share("after", "accuracy after retraining; on test alone"),
    ),
)

PANELS: Table[Panel] = Table(
    "panels.csv",
    "one row per image of the panels: a sample of the easy and of the hard slice of a task's best phrases",
    "by task, phrase, slice, then place",
    (
        TASK,
        Text("class", _CLASS, field("class_name")),
        Text("phrase", "the phrase"),
        Text("slice", "hard: above the threshold; easy: at or below it", range="easy, hard"),
        Integer("place", "in the panel, from 1"),
        Text("image_key", "the image, as the data set names it"),
        Boolean("is_error", "whether the base model was wrong on it"),
        Number("similarity", "to the phrase's subject", unit="cosine"),
    ),
)
