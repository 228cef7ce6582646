"""`diagnose`: every class in one call, words proposed, the network corrected in place, one file to send."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import clarify_errors as clarify
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.explanations.in_place import InPlaceCorrection
from tests.modeling.explanations.painted import ColourEncoder, ColourNetwork, as_tensor, painted
from tests.modeling.explanations.silent_reports import share_that_find

N = 1_200


@pytest.fixture(scope="module")
def pictures() -> tuple[list[Image.Image], Any]:
    return painted(N)


@pytest.fixture(scope="module")
def report(pictures: tuple[list[Image.Image], Any], tmp_path_factory: pytest.TempPathFactory) -> clarify.Report:
    return clarify.diagnose(
        ColourNetwork(),
        pictures[0],
        labels=pictures[1],
        transform=as_tensor,
        encoder=ColourEncoder(),
        cache=tmp_path_factory.mktemp("cache"),
    )


def test_it_finds_the_planted_word_unasked_and_leaves_out_a_class_with_its_reason(report: clarify.Report) -> None:
    assert "red" in report["square"].line["phrase"].split() and report["square"].is_found
    assert report.left_out["oval"].startswith("0 wrong and ")
    with pytest.raises(BadArray, match=r"no class 'oval': 0 wrong and [0-9]+ right on validation; 20 of each"):
        report["oval"]
    assert "like “red" in repr(report)
    table = report.table().set_index("class")
    assert table.loc["square", "wrong_with"] > 10 * max(table.loc["square", "wrong_without"], 1)


def test_the_installed_network_has_the_accuracies_of_the_report_to_the_image(
    report: clarify.Report, pictures: tuple[list[Image.Image], Any]
) -> None:
    network = ColourNetwork()
    correction = report["square"].correct("best")
    assert isinstance(correction, InPlaceCorrection)
    better = correction.install(network)
    test = report["square"].explanation.splits == 2
    images = torch.stack([as_tensor(image) for image in pictures[0]])[torch.from_numpy(test)]
    right = np.array(["oval", "square"])[better(images).argmax(dim=1).numpy()] == pictures[1][test]
    measured = dict(zip(correction.group_names, correction.measures["corrected"].accuracies, strict=True))
    assert {name: right[pictures[1][test] == name].mean() for name in measured} == pytest.approx(measured, abs=1e-12)


def test_the_page_is_one_small_file_that_loads_nothing(report: clarify.Report, tmp_path: Path) -> None:
    page = report.save(tmp_path / "report.html").read_text("utf-8")
    assert len(page.encode()) <= 2_000_000
    assert "http" not in page and page.count("<h1>") == 1 and 'alt="square, predicted wrongly"' in page
    assert all(' src="data:image/webp' in f" {part}" for part in page.split("<img")[1:])


def test_where_nothing_is_to_be_found_the_whole_report_is_silent() -> None:
    """In at most 5 of 100 data sets; of 40 more than 6 would then name words once in 300 times (`make bench`: 400)."""
    assert share_that_find(40) <= 6 / 40


def test_pictures_are_embedded_once(pictures: tuple[list[Image.Image], Any], tmp_path: Path) -> None:
    options: dict[str, Any] = {"labels": pictures[1][:400], "cache": tmp_path}
    counts = []
    for _ in range(2):
        encoder = ColourEncoder()
        clarify.diagnose(ColourNetwork(), pictures[0][:400], transform=as_tensor, encoder=encoder, **options)
        counts.append(encoder.pictures)
    assert counts == [401, 1]  # one that tells the encoder from others
