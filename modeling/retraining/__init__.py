"""Retraining of last layers on frozen features (paper, section 4.2; docs/methods.md)."""

from modeling.retraining.many_heads import TrainedHeads, train_heads
from modeling.retraining.shared_start import SharedStart, prepare_start
from modeling.retraining.worst_group import TrainedWorstGroup, train_worst_group

__all__ = ["SharedStart", "TrainedHeads", "TrainedWorstGroup", "prepare_start", "train_heads", "train_worst_group"]
