import csv
import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clarify_errors.arrays.datasets.dataset_files import open_dataset
from clarify_errors.arrays.datasets.importing.import_errors import BadSource
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.sources import read_source
from clarify_errors.arrays.images import image_files
from clarify_errors.arrays.images.image_decoding import read_image
from clarify_errors.arrays.images.image_files import ImageRejected
from tests.modeling.arrays.datasets.conftest import Import
from tests.modeling.arrays.datasets.folders import write_image


def encoded(image_format: str) -> bytes:
    pixels = np.random.default_rng(5).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, image_format)
    return stream.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A PNG whose header promises side² pixels, in a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def rejection(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "image"
    path.write_bytes(data)
    with pytest.raises(ImageRejected) as raised:
        read_image(path)
    return raised.value.reason


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_cut_file_is_truncated(tmp_path: Path, image_format: str) -> None:
    data = encoded(image_format)
    assert rejection(tmp_path, data[: len(data) * 2 // 3]) == "truncated"


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7", encoded("GIF"), encoded("TIFF")])
def test_a_file_of_another_kind_is_unreadable(tmp_path: Path, data: bytes) -> None:
    assert rejection(tmp_path, data) == "unreadable"


@pytest.mark.parametrize("side", [7_500, 10_000, 30_000])
def test_a_decompression_bomb_is_oversized(tmp_path: Path, side: int) -> None:
    assert rejection(tmp_path, bomb(side)) == "oversized"


def test_a_file_of_too_many_bytes_is_oversized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files, "BYTE_LIMIT", 100)
    assert rejection(tmp_path, encoded("PNG")) == "oversized"


def test_a_folder_and_a_missing_file_are_missing(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.png"):
        with pytest.raises(ImageRejected, match="missing: there is no such file"):
            read_image(path)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "BMP"])
def test_damage_of_any_kind_is_a_rejection_and_no_crash(image_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files, "PIXEL_LIMIT", 100_000)  # a damaged header may well promise millions
    random_ = random.Random(7)
    whole = encoded(image_format)
    rejected = 0
    for _ in range(400):
        data = bytearray(whole[: random_.randrange(1, len(whole) + 1)])
        for _ in range(random_.randrange(6)):
            data[random_.randrange(min(len(data), 200))] = random_.randrange(256)
        try:
            image_files.decode(bytes(data))
        except ImageRejected:
            rejected += 1
    assert rejected > 100


def test_an_image_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").size == (20, 30)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (5, 4)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").mode == "RGB"


@pytest.fixture
def flawed(tmp_path: Path) -> Source:
    """A folder with three good images and one of each flaw."""
    root = tmp_path / "flawed"
    for seed, name in enumerate(("train/dog/good.png", "train/dog/other.png", "test/dog/good.png")):
        write_image(root / name, seed)
    (root / "train/dog/a_bomb.png").write_bytes(bomb())
    (root / "train/dog/cut.jpg").write_bytes(encoded("JPEG")[:1500])
    (root / "train/dog/=notes.txt").write_text("not an image")
    (root / "test/dog/gone.png").symlink_to(root / "nowhere.png")
    return read_source("imagefolder", root)


def test_flawed_images_are_left_out_and_listed(flawed: Source, import_to: Import) -> None:
    directory = import_to(flawed)
    dataset = open_dataset(directory)
    assert dataset.filenames == ("train/dog/good.png", "train/dog/other.png", "test/dog/good.png")
    with (directory / "report.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [(line["filename"], line["split"], line["reason"]) for line in lines] == [
        ("test/dog/gone.png", "test", "missing"),
        ("train/dog/=notes.txt", "train", "unreadable"),
        ("train/dog/a_bomb.png", "train", "oversized"),
        ("train/dog/cut.jpg", "train", "truncated"),
    ]
    assert all(line["detail"] for line in lines)
    expected = {"missing": 1, "oversized": 1, "truncated": 1, "unreadable": 1}
    assert dataset.manifest.report == {"listed": 7, "kept": 3, "left_out": expected, "batch_images": 64}


def test_thumbnails_and_rows_stay_with_their_images_when_others_are_left_out(flawed: Source, import_to: Import) -> None:
    dataset = open_dataset(import_to(flawed))
    originals = [np.asarray(read_image(flawed.root / name), int) for name in dataset.filenames]
    for row, key in enumerate(dataset.image_keys):
        shown = np.asarray(read_image(dataset.image_path(key.decode())), int)
        differences = [np.abs(shown - original).mean() for original in originals]
        assert int(np.argmin(differences)) == row  # WebP is lossy, but each image is noise of its own


def test_a_folder_without_one_usable_image_is_refused(tmp_path: Path, import_to: Import) -> None:
    path = tmp_path / "bad" / "train" / "dog" / "a.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no image")
    with pytest.raises(BadSource, match=r"none of the 1 listed images can be used; train/dog/a\.png: unreadable"):
        import_to(read_source("imagefolder", tmp_path / "bad"))
