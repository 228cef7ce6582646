import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from clarify_errors.arrays.common.modeling_errors import BadEmbedding
from clarify_errors.arrays.datasets.dataset_files import BadDataset, Split, open_dataset, verify
from clarify_errors.arrays.datasets.importing.import_errors import ImportRunning
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.sources import read_source
from clarify_errors.arrays.datasets.importing.storage import only_import
from clarify_errors.arrays.images.image_files import thumbnail
from clarify_errors.tensors.encoders import CheckedEncoder
from tests.modeling.arrays.datasets.conftest import Import
from tests.modeling.arrays.datasets.folders import animals, write_csv_folder
from tests.modeling.arrays.datasets.pixel_encoder import PixelEncoder


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_rows_are_sorted_by_label_split_and_filename(source: Source, import_to: Import) -> None:
    dataset = open_dataset(import_to(source))
    rows = list(zip(dataset.labels.tolist(), dataset.splits.tolist(), dataset.filenames, strict=True))
    assert rows == sorted((image.label, image.split, image.filename) for image in source.images)


def test_each_row_is_the_embedding_of_its_image(source: Source, import_to: Import) -> None:
    dataset = open_dataset(import_to(source))
    for row, filename in enumerate(dataset.filenames):
        expected = PixelEncoder().encode_images([Image.open(source.root / filename)])[0]
        np.testing.assert_allclose(dataset.array("similarity")[row], expected, atol=1e-6)


def test_labels_attributes_and_counts_are_those_of_the_source(source: Source, import_to: Import) -> None:
    dataset = open_dataset(import_to(source))
    truth = {image.filename: (image.split, image.label, image.attribute) for image in source.images}
    assert dataset.attributes is not None
    for row, filename in enumerate(dataset.filenames):
        assert truth[filename] == (dataset.splits[row], dataset.labels[row], dataset.attributes[row])
    assert dataset.manifest.split_counts == {"train": 8, "validation": 8, "test": 8}
    assert dataset.train_group_counts.tolist() == [2, 2, 2, 2]
    assert dataset.manifest.report == {"listed": 24, "kept": 24, "left_out": {}, "batch_images": 64}


def test_features_are_the_similarity_array_without_another_encoder(source: Source, import_to: Import) -> None:
    directory = import_to(source)
    dataset = open_dataset(directory)
    assert np.array_equal(dataset.array("features"), dataset.array("similarity"))
    assert not (directory / "features.npy").exists()


def test_another_encoder_makes_a_second_array(source: Source, import_to: Import, encoder: PixelEncoder) -> None:
    other = PixelEncoder(dim=5, seed=1, description={"spec": "python:other", "name": "other"})
    dataset = open_dataset(import_to(source, features=other))
    assert dataset.array("similarity").shape == (24, 16)
    assert dataset.array("features").shape == (24, 5)
    assert dataset.manifest.encoder_of("features") == {"spec": "python:other", "name": "other"}
    assert dataset.manifest.encoder_of("similarity") == encoder.description


def test_the_same_data_again_is_returned_without_embedding(
    source: Source, import_to: Import, encoder: PixelEncoder
) -> None:
    first = import_to(source)
    before = contents(first)
    assert encoder.n_encoded == 24
    stages: list[str] = []
    assert import_to(source, progress=lambda stage, done, total: stages.append(stage)) == first
    assert encoder.n_encoded == 24
    assert set(stages) == {"reading"}
    assert contents(first) == before


@pytest.mark.parametrize("change", ["image", "label", "split", "class name", "encoder"])
def test_any_change_makes_another_version(source: Source, import_to: Import, change: str) -> None:
    first = import_to(source)
    listing = source.root / "metadata.csv"
    lines = listing.read_text().splitlines()
    arguments = {}
    names: list[str] = []
    match change:
        case "image":
            Image.new("RGB", (9, 9), "red").save(source.root / next(iter(source.images)).filename)
        case "label":
            lines[1] = lines[1].replace(",horse,", ",dog,")
        case "split":
            lines[1] = lines[1].replace(",test,", ",train,")
        case "class name":
            names = ["dog", "horse", "cat"]
        case "encoder":
            arguments["similarity_encoder"] = PixelEncoder(description={"spec": "python:newer"})
    listing.write_text("\n".join(lines))
    second = import_to(read_source("csv", source.root, names), **arguments)
    assert second != first
    assert first.is_dir()


def test_two_imports_of_one_source_are_byte_identical(source: Source, import_to: Import, tmp_path: Path) -> None:
    first, second = import_to(source), import_to(source, data_root=tmp_path / "other")
    assert first.name == second.name
    assert contents(first) == contents(second)


def test_thumbnails_are_small_and_opaque(tmp_path: Path, import_to: Import) -> None:
    root = write_csv_folder(tmp_path / "large", animals(1))
    exif = Image.Exif()
    exif[0x010E] = "a dog, confidential"
    big = Image.effect_noise((600, 300), 50).convert("RGB")
    big.save(root / "images" / "0-photograph-dog-train.png", exif=exif)
    dataset = open_dataset(import_to(read_source("csv", root)))
    for row, key in enumerate(dataset.image_keys):
        path = dataset.image_path(key.decode())
        with Image.open(path) as image:
            assert image.format == "WEBP"
            expected = (576, 288) if dataset.filenames[row].endswith("0-photograph-dog-train.png") else (24, 16)
            assert image.size == expected
        assert b"confidential" not in path.read_bytes()
        assert "dog" not in str(path.relative_to(dataset.directory))
    assert len(set(dataset.image_keys.tolist())) == dataset.n_rows


@pytest.mark.parametrize(
    ("original", "expected"),
    [((640, 480), (384, 288)), ((480, 640), (288, 384)), ((2000, 400), (576, 115)), ((192, 192), (192, 192))],
)
def test_a_thumbnail_fills_a_square_of_112_pixels_twice_where_the_original_can(
    original: tuple[int, int], expected: tuple[int, int]
) -> None:
    with Image.open(io.BytesIO(thumbnail(Image.new("RGB", original)))) as small:
        assert small.size == expected


def test_thumbnail_names_depend_on_the_secret(source: Source, import_to: Import, tmp_path: Path) -> None:
    one = open_dataset(import_to(source))
    other = open_dataset(import_to(source, data_root=tmp_path / "other", key_secret=b"another"))
    assert not set(one.image_keys.tolist()) & set(other.image_keys.tolist())


def test_an_empty_secret_is_refused(source: Source, import_to: Import) -> None:
    with pytest.raises(ValueError, match="empty key_secret"):
        import_to(source, key_secret=b"")


def test_a_name_that_is_no_folder_name_is_refused(source: Source, import_to: Import, encoder: PixelEncoder) -> None:
    with pytest.raises(BadDataset, match="cannot name a data set"):
        import_to(source, name="../animals")
    assert encoder.n_encoded == 0


def test_progress_counts_images(source: Source, import_to: Import) -> None:
    seen: list[tuple[str, int, int]] = []
    import_to(source, progress=lambda *step: seen.append(step))
    assert seen[23] == ("reading", 24, 24)
    assert seen[-1] == ("embedding", 24, 24)


def test_two_imports_of_one_name_at_once_are_refused(source: Source, import_to: Import, tmp_path: Path) -> None:
    with only_import(tmp_path / "data" / "datasets" / "animals"), pytest.raises(ImportRunning):
        import_to(source)
    verify(import_to(source))


@pytest.mark.parametrize(
    "rows",
    [
        np.ones((24, 16), np.float32),
        np.full((24, 16), np.nan, np.float32),
        np.full((24, 16), 0.25, np.float64),
        np.full((24, 9), 1 / 3, np.float32),
        np.full((23, 16), 0.25, np.float32),
    ],
    ids=["not unit", "NaN", "float64", "another width", "a row missing"],
)
def test_rows_that_are_not_unit_float32_are_refused(
    source: Source, import_to: Import, rows: NDArray[np.floating]
) -> None:
    class Broken(PixelEncoder):
        name = "pixels"

        def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
            return rows

        def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return rows

    with pytest.raises(BadEmbedding, match="the encoder pixels must return"):
        import_to(source, similarity_encoder=CheckedEncoder(Broken()))


def test_the_manifest_is_plain_json(source: Source, import_to: Import) -> None:
    manifest = json.loads((import_to(source) / "manifest.json").read_text())
    assert manifest["source_format"] == "csv"
    assert manifest["encoders"]["similarity"]["name"] == "pixels"
    assert manifest["group_counts"]["test"] == [2, 2, 2, 2]


def test_a_source_without_groups_has_no_attributes(tmp_path: Path, import_to: Import) -> None:
    root = write_csv_folder(tmp_path / "plain", animals(1))
    listing = root / "metadata.csv"
    listing.write_text("\n".join(line.rsplit(",", 1)[0] for line in listing.read_text().splitlines()))
    directory = import_to(read_source("csv", root))
    dataset = open_dataset(directory)
    assert dataset.attributes is None
    assert not (directory / "attributes.npy").exists()
    assert dataset.train_group_counts.tolist() == [2, 2]
    assert dataset.rows(Split.TRAIN, 0).tolist() == [0, 1]


def test_a_damaged_directory_of_the_same_data_is_reported(source: Source, import_to: Import) -> None:
    directory = import_to(source)
    (directory / "labels.npy").write_bytes(b"")
    with pytest.raises(BadDataset, match=r"labels\.npy"):
        import_to(source)
