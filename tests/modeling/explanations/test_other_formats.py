"""What an explanation and a data set look like to other tools."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pictures

import clarify_errors as clarify
from clarify_errors.arrays.common.modeling_errors import BadArray

RED, BLUE = (250, 0, 0), (0, 0, 250)


class ByColour:
    """An encoder that sees red and blue."""

    name, dim = "by colour", 3

    def encode_images(self, images: Sequence[Pictures.Image]) -> NDArray[np.float32]:
        return np.array([[*np.asarray(image)[0, 0, ::2], 100] for image in images], np.float32)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[1, 0, 0] if "red" in text else [0, 1, 0] for text in texts], np.float32)


@pytest.fixture(scope="module")
def report() -> clarify.Explanation:
    """Red squares are called ovals; of ovals, half are red."""
    colours = [RED, BLUE] * 60
    labels = ["square"] * 60 + ["oval"] * 60
    predictions = [
        "oval" if label == "square" and colour == RED else label for label, colour in zip(labels, colours, strict=True)
    ]
    pictures = [Pictures.new("RGB", (4, 4), colour) for colour in colours]
    return clarify.explain(pictures, labels, predictions, phrases=["red", "blue"], encoder=ByColour())


def test_fiftyones_samples_have_slices_errors_and_similarities(report: clarify.Explanation, tmp_path: Path) -> None:
    """FiftyOne 1.22 opened such a folder (docs/engineers/python.md); here its layout is held to what was opened."""
    folder = report.to_fiftyone(tmp_path / "squares")
    samples = json.loads((folder / "samples.json").read_text("utf-8"))["samples"]
    assert len(samples) == 120 and len({sample["_id"]["$oid"] for sample in samples}) == 120
    for i, sample in enumerate(samples):
        is_red_square = i < 60 and i % 2 == 0
        assert ("red" in sample["tags"]) == ("wrong" in sample["tags"]) == is_red_square
        assert sample["ground_truth"]["label"] == ("square" if i < 60 else "oval")
        assert (folder / sample["filepath"]).is_file()
        assert [each["label"] for each in sample["phrases"]["classifications"]] == ["red", "blue"]
    document = json.loads((folder / "metadata.json").read_text("utf-8"))
    fields = {field["db_field"] for field in document["sample_fields"]}
    assert set(samples[0]) <= fields
    assert document["info"]["phrases"][0]["error_score"] == 1.0


def test_embeddings_alone_cannot_be_opened_there(report: clarify.Explanation, tmp_path: Path) -> None:
    names = np.array(report.classes.names)
    labels, predictions = names[report.classes.labels], names[report.classes.predictions]
    bare = clarify.explain(report.images, labels, predictions, phrases={"red": np.eye(3)[0]})
    with pytest.raises(BadArray, match="passed as embeddings"):
        bare.to_fiftyone(tmp_path)
