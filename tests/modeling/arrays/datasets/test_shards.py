"""A data set does not depend on its shards: how large they are, who embeds them, in which order, and how often."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import open_dataset, verify
from clarify_errors.arrays.datasets.importing import shards
from clarify_errors.arrays.datasets.importing.embedding_arrays import Encoders
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.shards import Plan, Shard, embed_shards
from clarify_errors.arrays.datasets.importing.sources import read_source
from tests.modeling.arrays.datasets.conftest import Import
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.modeling.arrays.datasets.pixel_encoder import PixelEncoder
from tests.modeling.arrays.datasets.test_resume import contents

Order = Callable[[list[Shard]], list[list[Shard]]]  # who embeds which shards


@pytest.fixture
def flawed(tmp_path: Path) -> Source:
    """96 listed images: one that cannot be read in the first shard, and one that is there twice."""
    root = write_csv_folder(tmp_path / "source", animals(8))
    (root / "images" / "0-cartoon-dog-train.png").write_bytes(b"no image")
    twice = root / "images" / "1-photograph-horse-test.png"
    twice.write_bytes((root / "images" / "7-photograph-horse-test.png").read_bytes())
    return read_source("csv", root)


class OneByOne(PixelEncoder):
    """A row does not depend on the others of its batch: `CheckedEncoder` has the site's encoders so."""

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        return np.concatenate([super(OneByOne, self).encode_images([image]) for image in images])


def small(monkeypatch: pytest.MonkeyPatch, n: int) -> None:
    monkeypatch.setattr(shards, "BATCH_IMAGES", 4)
    monkeypatch.setattr(shards, "SHARD_IMAGES", n)


@pytest.mark.parametrize("n", [4, 12, 10])
def test_it_does_not_depend_on_the_size_of_shards(
    flawed: Source, import_to: Import, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, n: int
) -> None:
    small(monkeypatch, 512)
    described = OneByOne()
    whole = import_to(flawed, data_root=tmp_path / "whole", similarity_encoder=described)
    small(monkeypatch, n)
    directory = import_to(flawed, similarity_encoder=described)
    assert contents(directory) == contents(whole)
    verify(directory)
    assert open_dataset(directory).manifest.report["left_out"] == {"duplicate": 1, "unreadable": 1}


@pytest.mark.parametrize(
    "order",
    [
        lambda waiting: [waiting[::-1]],
        lambda waiting: [waiting[::2], waiting[1::2]],
        lambda waiting: [waiting[8:], waiting[:8]],
        lambda waiting: [waiting, waiting[3:5]],
    ],
    ids=["from the end", "two in turn", "the last ones first", "some twice"],
)
def test_it_does_not_depend_on_who_embeds_which_shards_in_which_order(
    flawed: Source, import_to: Import, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, order: Order
) -> None:
    small(monkeypatch, 4)

    def embed(plan: Plan, encoders: Encoders, n_processes: int, progress: Progress) -> None:
        for some in order(plan.waiting):
            embed_shards(plan, some, encoders, n_processes, lambda shard, n: None)

    whole = import_to(flawed, data_root=tmp_path / "whole")
    directory = import_to(flawed, embed=embed)
    assert contents(directory) == contents(whole)
    assert [path.name for path in directory.parent.iterdir() if path.name.startswith(".partial")] == []


def test_each_batch_belongs_to_one_shard_and_its_size_is_recorded(
    flawed: Source, import_to: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Told(PixelEncoder):
        sizes: list[int] = []

        def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
            self.sizes.append(len(images))
            return super().encode_images(images)

    small(monkeypatch, 10)
    encoder = Told(description={"spec": "python:told"})
    directory = import_to(flawed, similarity_encoder=encoder)
    assert encoder.sizes[:6] == [4, 4, 1, 4, 4, 2]  # the first shard has an image that cannot be read
    assert open_dataset(directory).manifest.report["batch_images"] == 4


def test_a_plan_says_all_that_another_worker_needs(flawed: Source, import_to: Import) -> None:
    seen: list[Plan] = []

    def embed(plan: Plan, encoders: Encoders, n_processes: int, progress: Progress) -> None:
        seen.append(shards.read_plan(plan.directory))
        shards.embed_alone(plan, encoders, n_processes, progress)

    import_to(flawed, embed=embed)
    (plan,) = seen
    assert plan.root == str(flawed.root)
    assert plan.arrays == {"similarity": dict(PixelEncoder().description)}
    assert (plan.has_thumbnails, plan.count, len(plan.shards)) == (True, 95, 1)
