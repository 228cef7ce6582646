"""The images of a data set as the methods of a benchmark take them: three splits in three kinds of features."""

from functools import cached_property

from annotations.models import Dataset
from modeling.arrays.datasets.dataset_files import Split
from modeling.arrays.datasets.groups import group_ids
from modeling.tensors.baselines.grouped import GroupedFeatures
from worker.common import process_cache


class SplitImages:
    """One split, with the groups of `modeling.arrays.datasets.groups`; features are read when they are first used.

    Features raise BadDataset, and BadArray without images.
    """

    def __init__(self, dataset: Dataset, split: Split) -> None:
        self._dataset, self._split, files = dataset, split, dataset.files
        self.rows = files.rows(split)
        self.labels = files.labels[self.rows]
        self.groups = group_ids(files.labels, files.attributes, len(files.attribute_names))[self.rows]

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
