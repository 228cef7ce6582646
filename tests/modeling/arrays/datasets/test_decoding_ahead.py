"""Images are decoded by several processes beside the encoder, and the data set is the same to the byte."""

import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from clarify_errors.arrays.datasets.importing import shards
from clarify_errors.arrays.datasets.importing.import_errors import ImportRefused
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.sources import read_source
from clarify_errors.arrays.images import image_decoding
from clarify_errors.arrays.images.decoding_ahead import worked_ahead
from tests.modeling.arrays.datasets.conftest import Import
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.modeling.arrays.datasets.pixel_encoder import PixelEncoder


class PreparingEncoder(PixelEncoder):
    """It makes images smaller first, and is told in how many threads."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def prepare(self, image: Image.Image) -> Image.Image:
        self.threads.add(threading.get_ident())
        return image.resize((8, 8))


@pytest.fixture
def flawed(tmp_path: Path) -> Source:
    """96 listed images, one of which cannot be read."""
    root = write_csv_folder(tmp_path / "source", animals(8))
    (root / "images" / "3-cartoon-dog-train.png").write_bytes(b"no image")
    return read_source("csv", root)


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("n_processes", [2, 5])
def test_the_data_set_does_not_depend_on_how_many_processes_decode(
    flawed: Source, import_to: Import, tmp_path: Path, n_processes: int
) -> None:
    one = import_to(flawed, data_root=tmp_path / "one")
    assert contents(import_to(flawed, n_processes=n_processes)) == contents(one)


def test_nor_on_whether_images_are_made_smaller_beside_the_encoder(
    flawed: Source, import_to: Import, tmp_path: Path
) -> None:
    one, encoder = import_to(flawed, data_root=tmp_path / "one"), PreparingEncoder()
    several = import_to(flawed, similarity_encoder=encoder, n_processes=3)
    assert contents(several) == contents(one)
    assert len(encoder.threads) == 3
    assert threading.get_ident() not in encoder.threads


@pytest.mark.parametrize("per_group", [4, 16])
def test_two_batches_are_in_memory_however_many_images_there_are(
    import_to: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, per_group: int
) -> None:
    monkeypatch.setattr(shards, "BATCH_IMAGES", 4)
    monkeypatch.setattr(shards, "SHARD_IMAGES", 8)
    alive: set[int] = set()
    most: list[int] = []

    class Counting(PixelEncoder):
        def prepare(self, image: Image.Image) -> Image.Image:
            small = image.resize((8, 8))
            alive.add(id(small))
            weakref.finalize(small, alive.discard, id(small))
            most.append(len(alive))
            return small

    source = read_source("csv", write_csv_folder(tmp_path / "many", animals(per_group)))
    import_to(source, similarity_encoder=Counting(), n_processes=2)
    assert len(most) == 12 * per_group
    assert 4 < max(most) <= 2 * 4 + 2


def test_no_process_is_left_after_an_import(flawed: Source, import_to: Import) -> None:
    import_to(flawed, n_processes=3)
    assert not image_decoding._processes.free


def test_what_goes_wrong_in_a_thread_ends_the_import(
    flawed: Source, import_to: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(image: Image.Image) -> bytes:
        raise ImportRefused("no thumbnail")

    monkeypatch.setattr(shards, "thumbnail", refuse)
    with pytest.raises(ImportRefused, match="no thumbnail"):
        import_to(flawed, n_processes=3)


def one(item: int) -> int:
    return 1


def test_results_come_in_the_order_of_the_items() -> None:
    def work(item: int) -> int:
        time.sleep(0.01 * (item % 3))
        return item

    assert list(worked_ahead(work, range(40), one, n_threads=5, n_ahead=9, most_pixels=100)) == list(range(40))


def begun_before_the_first_is_taken(n_ahead: int, most_pixels: int, until: Callable[[list[int]], bool]) -> list[int]:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        return item

    results = worked_ahead(work, range(40), lambda item: 10, n_threads=4, n_ahead=n_ahead, most_pixels=most_pixels)
    assert next(results) == 0
    while not until(begun):
        time.sleep(0.001)
    time.sleep(0.05)  # whoever wanted to begin more has had the time
    so_far = list(begun)
    assert list(results) == list(range(1, 40))
    return so_far


def test_it_is_not_further_ahead_than_so_many_items() -> None:
    assert len(begun_before_the_first_is_taken(7, 10**9, lambda begun: len(begun) == 8)) == 8


def test_it_is_not_further_ahead_than_so_many_pixels_but_for_the_item_that_is_waited_for() -> None:
    begun = begun_before_the_first_is_taken(30, 50, lambda begun: len(begun) >= 5)
    assert (
        5 <= len(begun) <= 10
    )  # what is begun when the limit is passed goes on, and one more is let in for each taken
    assert list(worked_ahead(lambda item: item, range(9), lambda item: 10, n_threads=3, n_ahead=9, most_pixels=1))
