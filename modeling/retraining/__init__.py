"""Retraining of last layers on frozen features (paper, section 4.2; docs/methods.md).

`train_heads`, `train_some_classes` and `train_worst_group` solve a stated objective to a certificate; the published
procedures that they are compared with are those of `modeling.baselines`.
"""

from modeling.baselines.dfr import train_dfr
from modeling.baselines.group_dro_eg import train_group_dro_eg
from modeling.baselines.released_sgd import train_released_sgd
from modeling.retraining.many_heads import TrainedHeads, train_heads
from modeling.retraining.shared_start import SharedStart, prepare_start
from modeling.retraining.some_classes import train_some_classes
from modeling.retraining.worst_group import TrainedWorstGroup, train_worst_group

__all__ = [
    "SharedStart",
    "TrainedHeads",
    "TrainedWorstGroup",
    "prepare_start",
    "train_dfr",
    "train_group_dro_eg",
    "train_heads",
    "train_released_sgd",
    "train_some_classes",
    "train_worst_group",
]
