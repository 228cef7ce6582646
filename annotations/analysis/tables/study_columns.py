"""The columns of the analysis tables: CSV files, the page's tables and the data dictionary are made from these."""

from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.tables.phrase_splits import Panel, SplitPart
from annotations.analysis.tables.table3 import Listed
from annotations.models import EndReason
from annotations.tables.columns import Table, Text, declared
from annotations.tables.shared import PARTICIPANT, TASK, field
from annotations.tables.worded_tables import worded
from modeling.arrays.phrases.worded_scale import BetterThanGuessing

SUMMARY: Table[PersonTask] = worded(
    __package__,
    "summary",
    {
        "phrases": field("n_phrases"),
        "active_time": lambda row: row.times.active,
        "waiting_time": lambda row: row.times.waiting,
        "wall_time": lambda row: row.times.wall,
        "better_than_guessing": field("better"),
        "task_end": field("times.end"),
    },
    {"better_than_guessing": BetterThanGuessing, "basis": Basis, "task_end": EndReason},
    (TASK, PARTICIPANT),
)
_OF_A_STUDY = (  # columns of summary.csv that tell of a study's own people
    *("task", "participant", "condition", "active_time", "waiting_time", "wall_time"),
    *("better_than_guessing", "basis", "task_end", "phrase_chosen_on_test"),
)
EXPERTS: Table[PersonTask] = Table(
    "experts.csv",
    "one row per expert and task: what experts reached on the same class of the same base model, here or in a study of "
    "their own",
    "by task, then expert",
    (
        TASK,
        Text("expert", "pseudonym, made with the key of the study of the visit", field("participant")),
        *(column for column in SUMMARY.columns if column.name not in _OF_A_STUDY),
    ),
)

TABLE_3: Table[Listed] = Table(
    "table_3.csv",
    "one row per phrase and list of the paper's table 3; a phrase that is best in both ways is in both lists",
    "by task, list, then alphabet",
    declared(Listed),
)

SPLITS: Table[SplitPart] = Table(
    "splits.csv",
    "one row per task, split and part: accuracy on the images of the class above and below the threshold of the task's "
    "best phrase, before and after retraining with it",
    "by task, split, then part",
    declared(SplitPart),
)

PANELS: Table[Panel] = Table(
    "panels.csv",
    "one row per image of the panels: a sample of the easy and of the hard slice of the phrases that name what most "
    "people said of a task, better than guessing",
    "by task, phrase, slice, then place",
    declared(Panel),
)
