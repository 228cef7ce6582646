"""The published settings of the procedures that a benchmark compares with, by the data set they were published for."""

from dataclasses import dataclass, replace

from modeling.tensors.baselines.adapter import SETTINGS as ERM_ADAPTER
from modeling.tensors.baselines.contrastive_adapter import SETTINGS as CONTRASTIVE_ADAPTER
from modeling.tensors.baselines.contrastive_adapter import ContrastiveSettings
from modeling.tensors.baselines.group_dro_eg import SETTINGS as GROUP_DRO
from modeling.tensors.baselines.probes import SETTINGS as PROBE
from modeling.tensors.baselines.released_sgd import SETTINGS as RELEASED
from modeling.tensors.baselines.sgd import SgdSettings

HARD_SAMPLES = ContrastiveSettings()


@dataclass(frozen=True)
class PublishedSettings:
    """One entry for each procedure; the defaults are those for Waterbirds."""

    released: SgdSettings = RELEASED
    probe: SgdSettings = PROBE
    group_dro: SgdSettings = GROUP_DRO
    erm_adapter: SgdSettings = ERM_ADAPTER
    contrastive_adapter: SgdSettings = CONTRASTIVE_ADAPTER
    hard_samples: ContrastiveSettings = HARD_SAMPLES


WATERBIRDS = PublishedSettings()
PUBLISHED = {
    "waterbirds": WATERBIRDS,
    "celeba": PublishedSettings(
        released=replace(RELEASED, learning_rate=0.1),
        group_dro=replace(GROUP_DRO, learning_rate=1e-4, epochs=50),
        contrastive_adapter=replace(CONTRASTIVE_ADAPTER, epochs=50),
        hard_samples=ContrastiveSettings(anchor_share=0.1),
    ),
}
