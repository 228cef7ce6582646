"""Retraining of last layers on frozen features (paper, section 4.2; docs/methods.md)."""

from modeling.retraining.many_heads import TrainedHeads, train_heads
from modeling.retraining.shared_start import SharedStart, prepare_start

__all__ = ["SharedStart", "TrainedHeads", "prepare_start", "train_heads"]
