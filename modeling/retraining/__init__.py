"""Retraining of last layers on frozen features (paper, section 4.2; docs/methods.md)."""

from modeling.retraining.many_heads import TrainedHeads, train_heads

__all__ = ["TrainedHeads", "train_heads"]
