"""The prompts that stand for classes and groups, and the encoder of the data set's texts that embeds them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from annotations.models import Dataset
from modeling.arrays.common.modeling_errors import BadTemplate
from modeling.arrays.embeddings.zero_shot import (
    CLASS_TEMPLATES,
    GROUP_TEMPLATES,
    PUBLISHED_TEMPLATES,
    Prompts,
    ZeroShot,
    class_prompts,
    group_prompts,
)
from modeling.tensors.baselines.wise_ft import CLIP_LOGIT_SCALE
from modeling.tensors.encoders import CheckedEncoder
from worker.common import process_cache


@dataclass(frozen=True)
class PromptWords:
    """Templates, and what classes and attributes are called in them; empty names: as the data set calls them."""

    class_templates: tuple[str, ...] = CLASS_TEMPLATES
    group_templates: tuple[str, ...] = GROUP_TEMPLATES
    class_names: tuple[str, ...] = ()
    attribute_names: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        published: str | None,
        class_templates: Sequence[str] = (),
        group_templates: Sequence[str] = (),
        class_names: Sequence[str] = (),
        attribute_names: Sequence[str] = (),
    ) -> "PromptWords":
        """What is given, else what was published for a data set (`waterbirds`, `celeba`), else the defaults."""
        of_class, of_group = PUBLISHED_TEMPLATES[published] if published else (CLASS_TEMPLATES, GROUP_TEMPLATES)
        return cls(
            tuple(class_templates) or of_class,
            tuple(group_templates) or of_group,
            tuple(class_names),
            tuple(attribute_names),
        )


@dataclass(frozen=True, eq=False)
class DatasetPrompts:
    """Prompts of one data set, embedded when first needed. Everything raises EncoderUnavailable, BadTemplate."""

    dataset: Dataset
    words: PromptWords = field(default_factory=PromptWords)

    @property
    def of_classes(self) -> Prompts:
        return class_prompts(self._class_names, self.words.class_templates)

    @property
    def of_groups(self) -> Prompts:
        names = _names(self.words.attribute_names, self.dataset.attribute_names, "attribute")
        return group_prompts(self._class_names, names, self.words.group_templates)

    @cached_property
    def class_zero_shot(self) -> ZeroShot:
        return ZeroShot.of(self.of_classes, self._encoder.encode_texts)

    @cached_property
    def group_zero_shot(self) -> ZeroShot:
        return ZeroShot.of(self.of_groups, self._encoder.encode_texts)

    @property
    def class_embeddings(self) -> NDArray[np.float32]:
        """float32[C, d], a unit row for each class."""
        return self.class_zero_shot.embeddings

    @property
    def logit_scale(self) -> float:
        """What the encoder multiplied cosines with in training; CLIP's 100 where the encoder does not say."""
        return self._encoder.logit_scale or CLIP_LOGIT_SCALE

    @property
    def _class_names(self) -> Sequence[str]:
        return _names(self.words.class_names, self.dataset.class_names, "class")

    @property
    def _encoder(self) -> CheckedEncoder:
        return process_cache.text_encoder(self.dataset)


def _names(given: Sequence[str], own: Sequence[str], what: str) -> Sequence[str]:
    if given and len(given) != len(own):
        raise BadTemplate(f"prompts name {len(given)} of the {len(own)} {what} names: {', '.join(given)}")
    return given or own
