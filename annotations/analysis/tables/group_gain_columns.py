"""The columns of what people's words do to each named group of test images."""

from dataclasses import dataclass

from annotations.analysis.statistics.estimate_types import Estimate
from annotations.base.tables.columns import Table
from annotations.base.tables.worded_tables import worded


@dataclass(frozen=True)
class GroupGain:
    """One named group of a task. Accuracies on test in [0, 1]; the base model's None where no prediction was imported.

    is_worst: whether the base model gets it wrong most often, or of imported predictions the control, since any
    retraining gives these a new last layer. gain: of retraining with words over the control, over people by intention
    to treat. worst_after: for how many people's words it is the worst group after retraining.
    """

    task: int
    class_name: str
    group: str
    is_worst: bool
    base_model: float | None
    control: float
    gain: Estimate
    worst_after: int

    @property
    def with_words(self) -> float:
        """Mean accuracy over people after retraining with their words."""
        return self.control + (self.gain.mean or 0.0)


GROUP_GAINS: Table[GroupGain] = worded(__package__, "group_gains")
