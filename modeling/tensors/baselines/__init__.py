"""The methods that the paper's tables compare with, as published.

Each takes arrays and a random number generator, and returns a classifier with `predict`, for features of the kind that
it was trained on.
"""

from modeling.tensors.baselines.adapter import AdapterClassifier
from modeling.tensors.baselines.classifiers import LinearClassifier
from modeling.tensors.baselines.contrastive_adapter import ContrastiveSettings, train_contrastive_adapter
from modeling.tensors.baselines.dfr import DfrClassifier, train_dfr
from modeling.tensors.baselines.erm_adapter import train_erm_adapter
from modeling.tensors.baselines.group_dro_eg import GroupDroClassifier, GroupDroSettings, train_group_dro_eg
from modeling.tensors.baselines.grouped import GroupedFeatures
from modeling.tensors.baselines.probes import ProbeClassifier, train_subsampled_probe, train_upsampled_probe
from modeling.tensors.baselines.released_sgd import EarlyStopping, ReleasedSgdClassifier, train_released_sgd
from modeling.tensors.baselines.roboshot import RoboShot, roboshot
from modeling.tensors.baselines.sgd import BestEpoch, SgdSettings
from modeling.tensors.baselines.wise_ft import wise_ft

__all__ = [
    "AdapterClassifier",
    "BestEpoch",
    "ContrastiveSettings",
    "DfrClassifier",
    "EarlyStopping",
    "GroupDroClassifier",
    "GroupDroSettings",
    "GroupedFeatures",
    "LinearClassifier",
    "ProbeClassifier",
    "ReleasedSgdClassifier",
    "RoboShot",
    "SgdSettings",
    "roboshot",
    "train_contrastive_adapter",
    "train_dfr",
    "train_erm_adapter",
    "train_group_dro_eg",
    "train_released_sgd",
    "train_subsampled_probe",
    "train_upsampled_probe",
    "wise_ft",
]
