"""The import of real images, which lie beside a checkout and are no part of the project."""

from pathlib import Path

import numpy as np
import pytest

from clarify_errors.arrays.datasets.dataset_files import Split, open_dataset, verify
from clarify_errors.arrays.datasets.importing.sources import read_source
from tests.modeling.arrays.datasets.conftest import Import

ANIMALS = Path(__file__).resolve().parents[4].parent / "shared" / "realdata" / "animals"


@pytest.mark.skipif(not ANIMALS.is_dir(), reason="the real animals are not beside this checkout")
def test_the_animals_import_as_waterbirds_with_names_of_their_own(import_to: Import) -> None:
    source = read_source("waterbirds", ANIMALS, ["dog", "horse"], ["photograph", "cartoon"])
    directory = import_to(source)
    verify(directory)
    dataset = open_dataset(directory)
    assert dataset.manifest.report == {"listed": 572, "kept": 572, "left_out": {}, "batch_images": 64}
    assert dataset.train_group_counts.tolist() == [104, 12, 12, 104]
    for split in (Split.VALIDATION, Split.TEST):
        assert len(set(dataset.manifest.group_counts[split.word])) == 1
    assert dataset.attributes is not None
    truth = np.array([["photo" in name, "dog" in name] for name in dataset.filenames])
    assert np.array_equal(truth, np.column_stack([dataset.attributes == 0, dataset.labels == 0]))
