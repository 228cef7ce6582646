"""The prompts that stand for classes and groups, and the encoder of the data set's texts that embeds them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from annotations.models import Dataset
from modeling.arrays.embeddings.zero_shot import (
    CLASS_TEMPLATES,
    GROUP_TEMPLATES,
    PUBLISHED_TEMPLATES,
    ZeroShot,
    class_prompts,
    group_prompts,
)
from modeling.tensors.baselines.wise_ft import CLIP_LOGIT_SCALE
from modeling.tensors.encoders import CheckedEncoder
from worker.common import process_cache


@dataclass(frozen=True, eq=False)
class DatasetPrompts:
    """Prompts of one data set, embedded when first needed. Everything raises EncoderUnavailable, BadTemplate.

    published: `waterbirds` or `celeba`, for the prompts that were published for it.
    """

    dataset: Dataset
    published: str | None = None

    @property
    def templates(self) -> dict[str, tuple[str, ...]]:
        """Of the prompts of classes and of groups."""
        of_class, of_group = PUBLISHED_TEMPLATES.get(self.published or "", (CLASS_TEMPLATES, GROUP_TEMPLATES))
        return {"class_templates": of_class, "group_templates": of_group}

    @cached_property
    def class_zero_shot(self) -> ZeroShot:
        prompts = class_prompts(self.dataset.class_names, self.templates["class_templates"])
        return ZeroShot.of(prompts, self._encoder.encode_texts)

    @cached_property
    def group_zero_shot(self) -> ZeroShot:
        names = self.dataset.class_names, self.dataset.attribute_names
        return ZeroShot.of(group_prompts(*names, self.templates["group_templates"]), self._encoder.encode_texts)

    @property
    def class_embeddings(self) -> NDArray[np.float32]:
        """float32[C, d], a unit row for each class."""
        return self.class_zero_shot.embeddings

    @property
    def logit_scale(self) -> float:
        """What the encoder multiplied cosines with in training; CLIP's 100 where the encoder does not say."""
        return self._encoder.logit_scale or CLIP_LOGIT_SCALE

    @property
    def _encoder(self) -> CheckedEncoder:
        return process_cache.text_encoder(self.dataset)
