"""Listed images lie on the disk: an import takes hardly more memory for many than for a few."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.datasets.importing.import_errors import StorageFailed
from clarify_errors.arrays.datasets.importing.listed_images import ListedImage, ListedImages
from tests.support.full_disk import largest_file


def listed(names: Sequence[str]) -> ListedImages:
    images = ListedImages()
    for name in names:
        images.add(ListedImage(name, Split.TRAIN, 0))
    return images


def test_they_come_by_label_split_and_name_whatever_the_order_in_which_they_were_added() -> None:
    images = ListedImages()
    rows = [("b", Split.TEST, 1), ("a", Split.TRAIN, 1), ("z", Split.TEST, 0), ("c", Split.TEST, 1)]
    for row in rows:
        images.add(ListedImage(*row))
    assert [image.filename for image in images] == ["z", "a", "b", "c"]


def test_names_of_any_script_and_names_that_are_no_utf8_come_in_the_order_of_strings() -> None:
    names = ["z", "ä", "\udce4", "\U0001f984", "日本", "a b", "\uffee", "Z"]
    assert [image.filename for image in listed(names)] == sorted(names)


def test_a_name_that_is_there_is_not_added_again() -> None:
    images = ListedImages()
    first = ListedImage("a", Split.TRAIN, 0, place=3)
    assert images.add(first) is None
    assert images.add(ListedImage("a", Split.TEST, 1, place=7)) == first
    assert list(images) == [first]


def test_a_full_disk_is_a_sentence() -> None:
    images = ListedImages()
    with largest_file(2**20), pytest.raises(StorageFailed, match=r"the list of images cannot be stored: .*\(TMPDIR\)"):
        for number in range(60_000):
            images.add(ListedImage(f"{number:01000}", Split.TRAIN, 0))


@pytest.mark.services  # imports of 1,000 and 9,000 images, each in a process of its own
def test_memory_hardly_grows_with_the_number_of_images(tmp_path: Path) -> None:
    few, many = (peak_of(tmp_path / str(n), n) for n in (1_000, 9_000))
    # Up to 2 MB are Python's own tables, which grow now and then; an object for each image took 1 kB.
    assert many - few < 8_000 * 300, f"{(many - few) / 8_000:.0f} bytes an image, whose name has 36 letters"


def peak_of(folder: Path, n: int) -> int:
    """The most memory of an import, in a process whose tables have not grown by other tests."""
    command = [sys.executable, "-m", "tests.modeling.arrays.datasets.many_listed", str(folder), str(n)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
