import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clarify_errors.arrays.sprites import sprites_source
from clarify_errors.arrays.sprites.attributes import VALUES, SpriteAttributes
from clarify_errors.arrays.sprites.drawing import Images, draw
from clarify_errors.arrays.sprites.sprites_source import (
    ATTRIBUTES,
    CLASSES,
    SPLITS,
    SpritesDataset,
    sprites_dataset,
    write_sprites_source,
)
from clarify_errors.arrays.sprites.style import Style

SOME = 300


@pytest.fixture(scope="module")
def dataset() -> SpritesDataset:
    return sprites_dataset(seed=5)


def counts(dataset: SpritesDataset, split: str) -> np.ndarray:
    """int[2, 2, 2]: images of a split per class, colour and shade."""
    table = np.zeros((2, 2, 2), dtype=int)
    rows = dataset.splits == SPLITS.index(split)
    np.add.at(table, (dataset.labels[rows], dataset.attribute_ids[rows], dataset.attributes.shade[rows]), 1)
    return table


def test_in_train_most_squares_are_blue_and_most_ovals_red(dataset: SpritesDataset) -> None:
    by_colour = counts(dataset, "train").sum(2)
    np.testing.assert_array_equal(by_colour, [[384, 16], [320, 1280]])


def test_in_train_the_background_is_a_weaker_clue(dataset: SpritesDataset) -> None:
    by_shade = counts(dataset, "train").sum(1)
    np.testing.assert_array_equal(by_shade, [[240, 160], [640, 960]])


def test_validation_and_test_hold_every_combination_equally_often(dataset: SpritesDataset) -> None:
    assert (counts(dataset, "validation") == 200).all()
    assert (counts(dataset, "test") == 400).all()


def test_labels_and_attributes_are_what_is_drawn(dataset: SpritesDataset) -> None:
    assert [VALUES["shape"][i] for i in (0, 1)] == list(CLASSES)
    np.testing.assert_array_equal(dataset.labels, dataset.attributes.shape)
    centre = dataset.images[:, 28:36, 28:36].mean((1, 2))
    redder = centre[:, 0] > centre[:, 2]
    assert (redder == (dataset.attribute_ids == ATTRIBUTES.index("red")))[dataset.attributes.size == 2].mean() > 0.99


def test_the_order_says_nothing_about_the_label(dataset: SpritesDataset) -> None:
    position = np.arange(len(dataset.labels))
    assert abs(np.corrcoef(position, dataset.labels)[0, 1]) < 0.05
    assert abs(np.corrcoef(position, dataset.splits)[0, 1]) < 0.05


@pytest.fixture
def only_the_first_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a set, nothing but SOME images: those with which the whole set begins, as it is drawn chunk after chunk."""

    def draw_some(attributes: SpriteAttributes, rng: np.random.Generator, style: Style) -> Images:
        return draw(attributes.take(slice(0, SOME)), rng, style)

    monkeypatch.setattr(sprites_source, "draw", draw_some)


def the_first_of(whole: SpritesDataset) -> SpritesDataset:
    some = slice(0, SOME)
    three = (whole.splits[some], whole.labels[some], whole.attribute_ids[some])
    return SpritesDataset(*three, whole.attributes.take(some), whole.images[some])


@pytest.mark.usefixtures("only_the_first_are_drawn")
def test_the_same_seed_gives_the_same_set_and_another_one_another(dataset: SpritesDataset) -> None:
    assert (sprites_dataset(seed=5).images == dataset.images[:SOME]).all()
    assert (sprites_dataset(seed=6).images != dataset.images[:SOME]).any()


def test_the_source_folder_holds_the_seeds_set_again_under_names_without_a_label(
    dataset: SpritesDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sprites_source, "sprites_dataset", {5: the_first_of(dataset)}.get)
    seen: list[tuple[int, int]] = []
    write_sprites_source(tmp_path, seed=5, progress=lambda done, total: seen.append((done, total)))
    with (tmp_path / "metadata.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["filename", "split", "class", "attribute"]
    assert [SPLITS.index(row["split"]) for row in rows] == dataset.splits[:SOME].tolist()
    assert [CLASSES.index(row["class"]) for row in rows] == dataset.labels[:SOME].tolist()
    assert [ATTRIBUTES.index(row["attribute"]) for row in rows] == dataset.attribute_ids[:SOME].tolist()
    assert [row["filename"] for row in rows] == [f"images/{i:05d}.png" for i in range(SOME)]
    for row, image in zip(rows, dataset.images[:SOME], strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / row["filename"])), image)
    with (tmp_path / "captions.csv").open(newline="") as file:
        captions = list(csv.DictReader(file))
    assert [row["filename"] for row in captions] == [row["filename"] for row in rows]
    for row, told in zip(rows, captions, strict=True):
        assert f"{row['attribute']} {row['class']} on a " in told["caption"]
    assert seen[0] == (1, SOME) and seen[-1] == (SOME, SOME)
