"""Retraining of last layers on frozen features (paper, section 4.2; docs/analysts/methods.md).

`train_heads`, `train_some_classes` and `train_worst_group` solve a stated objective to a certificate. The published
procedures to compare them with are in `clarify_errors.tensors.baselines`.
"""
