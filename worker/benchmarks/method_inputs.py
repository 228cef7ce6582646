"""All that the methods of a benchmark are given: images of three splits in three kinds of features, and settings.

A division is a way to cut the train images into slices: what objectives are taken over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from annotations.models import Dataset
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.embeddings.standardization import Standardization
from clarify_errors.arrays.embeddings.zero_shot import (
    CLASS_TEMPLATES,
    GROUP_TEMPLATES,
    PUBLISHED_TEMPLATES,
    ZeroShot,
    class_prompts,
    group_prompts,
)
from clarify_errors.arrays.retraining.slices import DEFAULT_SCHEME, MIN_SLICE_SIZE, division_weights, slice_weights
from clarify_errors.tensors.baselines.grouped import GroupedFeatures
from clarify_errors.tensors.baselines.wise_ft import CLIP_LOGIT_SCALE
from clarify_errors.tensors.encoders import CheckedEncoder
from clarify_errors.tensors.retraining.warm_start import WarmStart
from worker.benchmarks.outcomes import ALL_TRAIN, Missing
from worker.benchmarks.published_settings import PUBLISHED, PublishedSettings
from worker.benchmarks.scored_annotations import AnnotationSource, ScoredAnnotation, cut_classes
from worker.common import process_cache
from worker.datasets.head_training import membership_of

HELD_OUT = 0.2  # of train, in each draw


class SplitImages:
    """One split, with the groups of `clarify_errors.arrays.datasets.groups`; features are read on their first use.

    Features raise BadDataset, and BadArray without images.
    """

    def __init__(self, dataset: Dataset, split: Split) -> None:
        self._dataset, self._split, files = dataset, split, dataset.files
        self.rows = files.rows(split)
        self.labels = files.labels[self.rows]
        self.groups = files.groups[self.rows]

    @cached_property
    def unit(self) -> GroupedFeatures:
        """The classifier's features, unit rows, not z-scored."""
        return self._of("features")

    @cached_property
    def in_text_space(self) -> GroupedFeatures:
        """The similarity encoder's embeddings, unit rows, which texts are compared with."""
        return self._of("similarity")

    @cached_property
    def standardised(self) -> GroupedFeatures:
        """`unit`, z-scored by all train images; of these, the features that runs are trained on."""
        training = process_cache.training_set(self._dataset)
        is_train = self._split is Split.TRAIN
        features = training.features if is_train else training.standardization.apply(self.unit.features)
        return GroupedFeatures(features, self.labels, self.groups)

    def _of(self, array: str) -> GroupedFeatures:
        return GroupedFeatures(self._dataset.files.array(array)[self.rows], self.labels, self.groups)


@dataclass(frozen=True, eq=False)
class Bench:
    """A data set, whose arrays are read once for all methods, and the settings of a benchmark.

    l2: λ of the certified objectives; seeds: 0, 1, … below this; scheme and min_slice_size: of annotations' slices;
    published: whose prompts and settings of published procedures are used, a key of PUBLISHED; without one the prompts
    are the usual ones, and the settings those for Waterbirds.
    """

    dataset: Dataset
    l2: float
    seeds: int = 3
    scheme: str = DEFAULT_SCHEME
    min_slice_size: int = MIN_SLICE_SIZE
    published: str | None = None

    @property
    def n_classes(self) -> int:
        return len(self.dataset.class_names)

    @cached_property
    def train(self) -> SplitImages:
        return SplitImages(self.dataset, Split.TRAIN)

    @cached_property
    def validation(self) -> SplitImages:
        return SplitImages(self.dataset, Split.VALIDATION)

    @cached_property
    def test(self) -> SplitImages:
        return SplitImages(self.dataset, Split.TEST)

    @property
    def templates(self) -> dict[str, tuple[str, ...]]:
        """Of the prompts of classes and of groups."""
        of_class, of_group = PUBLISHED_TEMPLATES.get(self.published or "", (CLASS_TEMPLATES, GROUP_TEMPLATES))
        return {"class_templates": of_class, "group_templates": of_group}

    @cached_property
    def class_zero_shot(self) -> ZeroShot:
        """The class prompts, embedded. Raises EncoderUnavailable, BadTemplate."""
        prompts = class_prompts(self.dataset.class_names, self.templates["class_templates"])
        return ZeroShot.of(prompts, self.text_encoder.encode_texts)

    @cached_property
    def group_zero_shot(self) -> ZeroShot:
        """The group prompts, embedded. Raises EncoderUnavailable, BadTemplate."""
        names = self.dataset.class_names, self.dataset.attribute_names
        prompts = group_prompts(*names, self.templates["group_templates"])
        return ZeroShot.of(prompts, self.text_encoder.encode_texts)

    @property
    def logit_scale(self) -> float:
        """What the encoder multiplied cosines with in training; CLIP's 100 where it does not say."""
        return self.text_encoder.logit_scale or CLIP_LOGIT_SCALE

    @property
    def text_encoder(self) -> CheckedEncoder:
        """The encoder of the data set's texts. Raises EncoderUnavailable."""
        return process_cache.text_encoder(self.dataset)

    @property
    def settings(self) -> PublishedSettings:
        """Of the published procedures."""
        return PUBLISHED[self.published or "waterbirds"]

    @property
    def standardization(self) -> Standardization:
        """The z-score of all train images; every method and draw uses this one."""
        return process_cache.training_set(self.dataset).standardization

    @property
    def device(self) -> str:
        """Where everything is trained."""
        return process_cache.device()

    @property
    def start(self) -> WarmStart:
        """What all heads on the train images start from, kept with the data set."""
        return process_cache.warm_start(self.dataset, self.l2)

    @property
    def all_rows(self) -> NDArray[np.int64]:
        """Every train image, as positions among them."""
        return np.arange(len(self.train.rows))

    def draws(self) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """All train images, then those that each seed draws: 80%, those that released SGD trains on with that seed."""
        yield ALL_TRAIN, self.all_rows
        for seed in range(self.seeds):
            yield seed_name(seed), draw(len(self.train.rows), seed)


def draw(n: int, seed: int) -> NDArray[np.int64]:
    """The positions, ascending, of the n - ⌈.2 n⌉ images that a seed draws out of n."""
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[int(np.ceil(HELD_OUT * n)) :])


def seed_name(seed: int) -> str:
    return f"seed {seed}"


@dataclass(frozen=True, eq=False)
class Job:
    """A classifier to train.

    rows: positions among the n train images; slices: int[n], the membership that annotations make, or ids of another
    division that do not cross classes.
    """

    name: str
    rows: NDArray[np.int64]
    slices: NDArray[np.integer]


Jobs = tuple[list[Job], list[Missing]]


@dataclass(frozen=True)
class Division:
    """jobs: what to train, and what is left out. weigh: the weights of slices by labels, slices and scheme; that of
    annotations refuses a draw which has lost one of an annotation's slices.
    """

    jobs: Callable[[Bench, AnnotationSource], Jobs]
    weigh: Callable[[NDArray[np.integer], NDArray[np.integer], str], NDArray[np.float64]]


class NoUsableAnnotation(ModelingError):
    """None of the annotations makes two slices of its class; the message says why of each."""


def _of_annotations(bench: Bench, source: AnnotationSource) -> Jobs:
    """A person without a usable annotation is refused; given annotations raise NoUsableAnnotation."""
    jobs: list[Job] = []
    notes: list[Missing] = []
    for name, annotations in source.sets.items():
        try:
            membership, unused = _membership(bench, name, annotations)
        except NoUsableAnnotation as error:
            if not source.is_people:
                raise
            notes.append(Missing(name, str(error)))
            continue
        notes += unused
        jobs += [Job(name, bench.all_rows, membership)] if source.is_people else _over_draws(bench, membership)
    return jobs, notes


def _over_draws(bench: Bench, slices: NDArray[np.integer]) -> list[Job]:
    """One job on all train images, and one for each seed's draw of them."""
    return [Job(name, rows, slices) for name, rows in bench.draws()]


def _membership(
    bench: Bench, name: str, annotations: tuple[ScoredAnnotation, ...]
) -> tuple[NDArray[np.int64], list[Missing]]:
    dataset = bench.dataset
    cuts, without = cut_classes(dataset, annotations, bench.min_slice_size)
    if not cuts:
        raise NoUsableAnnotation("; ".join(f"“{each.phrase}”: {why}" for each, why in without))
    unused = [Missing(name, why, dataset.class_names[each.target_class], each.phrase) for each, why in without]
    return membership_of(dataset, [each.slices for each in cuts], bench.min_slice_size), unused


CLASSES = Division(lambda bench, _: (_over_draws(bench, bench.train.labels), []), division_weights)
GROUPS = Division(lambda bench, _: (_over_draws(bench, bench.train.groups), []), division_weights)
ANNOTATIONS = Division(_of_annotations, slice_weights)
