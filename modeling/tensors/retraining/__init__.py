"""Retraining of last layers on frozen features (paper, section 4.2; docs/methods.md).

`train_heads`, `train_some_classes` and `train_worst_group` solve a stated objective to a certificate. The published
procedures to compare them with are in `modeling.tensors.baselines`.
"""

from modeling.tensors.retraining.many_heads import TrainedHeads, train_heads
from modeling.tensors.retraining.some_classes import FreeRows, train_some_classes
from modeling.tensors.retraining.warm_start import WarmStart, prepare_start
from modeling.tensors.retraining.worst_group import TrainedWorstGroup, train_worst_group

__all__ = [
    "FreeRows",
    "TrainedHeads",
    "TrainedWorstGroup",
    "WarmStart",
    "prepare_start",
    "train_heads",
    "train_some_classes",
    "train_worst_group",
]
