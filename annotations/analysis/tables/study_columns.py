"""The columns of the analysis tables: CSV files, the page's tables and the data dictionary are made from these."""

from dataclasses import replace

from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.tables.phrase_splits import Panel, SplitPart
from annotations.analysis.tables.table3 import Listed
from annotations.models import EndReason
from annotations.tables.columns import Table
from annotations.tables.worded_tables import worded
from modeling.arrays.phrases.worded_scale import BetterThanGuessing

SUMMARY: Table[PersonTask] = worded(
    __package__,
    "summary",
    values={"better_than_guessing": BetterThanGuessing, "basis": Basis, "task_end": EndReason},
)
_TASK, _PARTICIPANT, *_MEASURES = SUMMARY.columns
_OF_A_STUDY = (  # columns of summary.csv that tell of a study's own people
    *("condition", "active_time", "waiting_time", "wall_time"),
    *("better_than_guessing", "basis", "task_end", "phrase_chosen_on_test"),
)
EXPERTS: Table[PersonTask] = Table(
    "experts.csv",
    "one row per expert and task: what experts reached on the same class of the same base model, here or in a study of "
    "their own",
    "by task, then expert",
    (
        _TASK,
        replace(_PARTICIPANT, name="expert", meaning="pseudonym, made with the key of the study of the visit"),
        *(column for column in _MEASURES if column.name not in _OF_A_STUDY),
    ),
)
TABLE_3: Table[Listed] = worded(__package__, "table_3")
SPLITS: Table[SplitPart] = worded(__package__, "splits")
PANELS: Table[Panel] = worded(__package__, "panels")
