"""The images of a data set as the methods of a benchmark take them: three splits in three kinds of features."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from annotations.models import Dataset
from modeling.arrays.datasets.dataset_files import DatasetFiles, Split
from modeling.arrays.datasets.groups import group_ids
from modeling.arrays.embeddings.standardization import Standardization
from modeling.tensors.baselines.grouped import GroupedFeatures
from worker.common import process_cache


class SplitImages:
    """One split, with the groups of `modeling.arrays.datasets.groups`; features are read when they are first used."""

    def __init__(self, files: DatasetFiles, split: Split, groups: NDArray[np.int64]) -> None:
        self._files = files
        self.rows = files.rows(split)
        self.labels = files.labels[self.rows]
        self.groups = groups[self.rows]

    @cached_property
    def unit(self) -> GroupedFeatures:
        """The classifier's features, unit rows, not z-scored. Raises BadDataset, BadArray without images."""
        return self._of("features")

    @cached_property
    def in_text_space(self) -> GroupedFeatures:
        """The similarity encoder's embeddings, unit rows, which texts are compared with. Raises as `unit` does."""
        return self._of("similarity")

    def standardised(self, by: Standardization) -> GroupedFeatures:
        """`unit`, z-scored."""
        return GroupedFeatures(by.apply(self.unit.features), self.labels, self.groups)

    def _of(self, array: str) -> GroupedFeatures:
        return GroupedFeatures(self._files.array(array)[self.rows], self.labels, self.groups)


@dataclass(frozen=True, eq=False)
class BenchmarkData:
    """A data set whose arrays are read once for all methods."""

    dataset: Dataset

    @property
    def n_classes(self) -> int:
        return len(self.dataset.class_names)

    @property
    def has_attribute(self) -> bool:
        """Whether groups are more than classes."""
        return bool(self.dataset.attribute_names)

    @cached_property
    def train(self) -> SplitImages:
        return self._split(Split.TRAIN)

    @cached_property
    def validation(self) -> SplitImages:
        return self._split(Split.VALIDATION)

    @cached_property
    def test(self) -> SplitImages:
        return self._split(Split.TEST)

    @property
    def standardization(self) -> Standardization:
        """The z-score of all train images; every method and draw uses this one."""
        return process_cache.training_set(self.dataset).standardization

    @cached_property
    def standardised_train(self) -> GroupedFeatures:
        """The features that runs are trained on."""
        training = process_cache.training_set(self.dataset)
        return GroupedFeatures(training.features, training.labels, self.train.groups)

    @cached_property
    def standardised_validation(self) -> GroupedFeatures:
        return self.validation.standardised(self.standardization)

    @cached_property
    def standardised_test(self) -> GroupedFeatures:
        return self.test.standardised(self.standardization)

    def _split(self, split: Split) -> SplitImages:
        files = self.dataset.files
        return SplitImages(files, split, group_ids(files.labels, files.attributes, len(files.attribute_names)))
