"""The published settings of the procedures that a benchmark compares with, by the data set they were published for."""

from dataclasses import dataclass, replace

from clarify_errors.tensors.baselines.contrastive_adapter import ContrastiveSettings
from clarify_errors.tensors.baselines.group_dro_eg import SETTINGS as GROUP_DRO
from clarify_errors.tensors.baselines.released_sgd import SETTINGS as RELEASED
from clarify_errors.tensors.baselines.sgd import SETTINGS, SgdSettings

HARD_SAMPLES = ContrastiveSettings()


@dataclass(frozen=True)
class PublishedSettings:
    """One entry for each procedure; the defaults are those for Waterbirds."""

    released: SgdSettings = RELEASED
    probe: SgdSettings = SETTINGS
    group_dro: SgdSettings = GROUP_DRO
    erm_adapter: SgdSettings = SETTINGS
    contrastive_adapter: SgdSettings = SETTINGS
    hard_samples: ContrastiveSettings = HARD_SAMPLES


PUBLISHED = {
    "waterbirds": PublishedSettings(),
    "celeba": PublishedSettings(
        released=replace(RELEASED, learning_rate=0.1),
        group_dro=replace(GROUP_DRO, learning_rate=1e-4, epochs=50),
        contrastive_adapter=SgdSettings(epochs=50),
        hard_samples=ContrastiveSettings(anchor_share=0.1),
    ),
}
