"""The predictions of any classifier come in from a CSV file, whole and right or not at all."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from annotations.base.service_errors import NotPossible
from annotations.datasets.base_models import import_predictions
from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, BaseModelOrigin, Dataset
from clarify_errors.arrays.common.modeling_errors import NothingToEvaluate
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.datasets.importing.import_errors import BadSource
from clarify_errors.arrays.datasets.prediction_file import PredictionsMissing
from tests.support.actors import SQUARE

Line = tuple[str, str, str]
Write = Callable[[list[Line]], Path]
HEADER: Line = ("image", "split", "predicted")


@pytest.fixture
def lines(sprites_like: Dataset) -> list[Line]:
    """Right predictions for every validation and test image, in a shuffled order."""
    files = sprites_like.files
    rows = np.flatnonzero(files.splits != Split.TRAIN)
    np.random.default_rng(0).shuffle(rows)
    return [(files.filenames[row], Split(files.splits[row]).word, files.class_names[files.labels[row]]) for row in rows]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_lines(lines: list[Line]) -> Path:
        path = tmp_path / "predictions.csv"
        path.write_text("".join(",".join(line) + "\r\n" for line in [HEADER, *lines]), "utf-8")
        return path

    return write_lines


def bring(
    dataset: Dataset, file: Path, l2: float = 0.5, name: str = "resnet", allow_missing: bool = False
) -> tuple[BaseModel, bool]:
    return import_predictions(dataset, name=name, file=file, l2=l2, allow_missing=allow_missing)


def test_every_image_gets_the_class_of_its_line(sprites_like: Dataset, lines: list[Line], write: Write) -> None:
    lines[3] = (*lines[3][:2], "oval" if lines[3][2] == "square" else "square")
    base_model, created = bring(sprites_like, write(lines))
    assert created
    base_model.refresh_from_db()
    predicted = dict(zip(sprites_like.files.filenames, base_model.predicted, strict=True))
    assert all(sprites_like.class_names[predicted[image]] == name for image, _, name in lines)
    assert base_model.origin == BaseModelOrigin.IMPORTED
    assert base_model.head is None
    assert base_model.l2 == 0.5
    assert base_model.training["missing_images"] == []


def test_a_class_may_be_given_by_its_number(sprites_like: Dataset, lines: list[Line], write: Write) -> None:
    numbered = [(image, split, str(sprites_like.class_names.index(name))) for image, split, name in lines]
    by_number, _ = bring(sprites_like, write(numbered), name="by number")
    by_name, _ = bring(sprites_like, write(lines), name="by name")
    assert np.array_equal(by_number.predicted, by_name.predicted)


def test_lines_for_train_images_are_kept(sprites_like: Dataset, lines: list[Line], write: Write) -> None:
    row = int(sprites_like.files.rows(Split.TRAIN)[0])
    base_model, _ = bring(sprites_like, write([*lines, (sprites_like.files.filenames[row], "train", "oval")]))
    assert base_model.predicted[row] == 1


def test_the_same_file_again_changes_nothing(sprites_like: Dataset, lines: list[Line], write: Write) -> None:
    first, _ = bring(sprites_like, write(lines))
    assert bring(sprites_like, write(lines)) == (first, False)


def test_another_file_under_the_same_name_is_refused(sprites_like: Dataset, lines: list[Line], write: Write) -> None:
    bring(sprites_like, write(lines))
    with pytest.raises(NotPossible, match="cannot be changed"):
        bring(sprites_like, write(lines[::-1]))
    with pytest.raises(NotPossible, match="λ"):
        bring(sprites_like, write(lines), l2=0.1)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (("no-such.png", "test", "oval"), "line 2: the data set has no image 'no-such.png'"),
        (("{image}", "{split}", "triangle"), "line 2: predicted is 'triangle', not one of 0, 1, square, oval"),
        (("{image}", "{split}", "2"), "line 2: predicted is '2', not one of 0, 1, square, oval"),
        (("{image}", "{split}", "-1"), "line 2: predicted is '-1', not one of 0, 1, square, oval"),
        (("{image}", "train", "oval"), "line 2: .* in the split .*, not 'train'"),
        (("{image}", "holdout", "oval"), "line 2: .* in the split .*, not 'holdout'"),
        (("{image}", "{split}", "oval,extra"), "line 2: it has 4 cells, but the header has 3"),
        (("{image}", "{split}"), "line 2: it has 2 cells, but the header has 3"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_stored(
    sprites_like: Dataset, lines: list[Line], write: Write, broken: Line, message: str
) -> None:
    image, split, _ = lines[0]
    lines[0] = tuple(cell.format(image=image, split=split) for cell in broken)  # type: ignore[assignment]
    with pytest.raises(BadSource, match=message):
        bring(sprites_like, write(lines))
    assert not BaseModel.objects.exists()


def test_an_image_named_twice_is_refused_with_both_lines(
    sprites_like: Dataset, lines: list[Line], write: Write
) -> None:
    with pytest.raises(BadSource, match=rf"line {len(lines) + 2}: .* already named in line 2"):
        bring(sprites_like, write([*lines, lines[0]]))


def test_missing_images_are_named_and_refused(sprites_like: Dataset, lines: list[Line], write: Write) -> None:
    with pytest.raises(PredictionsMissing, match="2 validation or test images") as refused:
        bring(sprites_like, write(lines[2:]))
    assert set(refused.value.images) == {image for image, _, _ in lines[:2]}
    assert not BaseModel.objects.exists()


def test_a_long_list_of_missing_images_is_cut_short(sprites_like: Dataset, lines: list[Line], write: Write) -> None:
    with pytest.raises(PredictionsMissing, match="and 20 more"):
        bring(sprites_like, write(lines[30:]))


def test_missing_images_that_are_allowed_are_not_shown(sprites_like: Dataset, lines: list[Line], write: Write) -> None:
    squares = [line for line in lines if line[1:] == ("validation", "square")]
    kept = [line for line in lines if line not in squares[:3]]
    base_model, _ = bring(sprites_like, write(kept), allow_missing=True)
    assert sorted(base_model.training["missing_images"]) == sorted(image for image, _, _ in squares[:3])
    assert len(class_images(base_model, SQUARE).rows) == len(squares) - 3


def test_predictions_for_no_test_image_are_refused_even_then(
    sprites_like: Dataset, lines: list[Line], write: Write
) -> None:
    with pytest.raises(NothingToEvaluate, match="No test image"):
        bring(sprites_like, write([line for line in lines if line[1] != "test"]), allow_missing=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"image,split,label\n", "the header lacks predicted"),
        (b"", "the header lacks image, split, predicted"),
        (b"image,split,predicted\n\xff\xfe\n", "not UTF-8"),
        (b'image,split,predicted\n"a"b,test,oval\n', "not a CSV file"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(
    sprites_like: Dataset, tmp_path: Path, content: bytes, message: str
) -> None:
    file = tmp_path / "predictions.csv"
    file.write_bytes(content)
    with pytest.raises(BadSource, match=message):
        bring(sprites_like, file)


def test_a_file_that_is_not_there_is_refused(sprites_like: Dataset, tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="No such file"):
        bring(sprites_like, tmp_path / "none.csv")
