"""Drawings of a study's figures: the same bytes each time, whatever people typed, and nothing that a page refuses."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders
from PIL import Image

from annotations.analysis.observations.person_tasks import Tried
from annotations.models import BaseModel, Study
from annotations.results.study_analysis import Analysed
from tests.support.analysis_studies import tell, two_tasks
from tests.support.scripted import scripted_phrases
from tests.worker.results.figures.drawn import draw, figures_of
from worker.results.figures import rendering
from worker.results.figures.figure_data import pictured_panels
from worker.results.figures.layout import INK, PALETTE, PAPER, RULE
from worker.results.figures.rendering import draw_files, drawn_for_pages

NAMES = (
    "annotation-time",
    "best-score-over-people",
    "concept-map",
    "concepts-together",
    "error-scores",
    "new-concepts",
    "splits",
    "worst-group",
)


def test_every_figure_is_drawn_and_the_same_values_give_the_same_bytes(base_model: BaseModel, tmp_path: Path) -> None:
    study = two_tasks(base_model)
    tell(study, scripted_phrases())
    first, second, figures = tmp_path / "first", tmp_path / "second", figures_of(study)
    of_each_kind = {type(figure.chart): figure for figure in figures}.values()
    for folder, drawn_there in ((first, figures), (second, of_each_kind)):
        folder.mkdir()
        draw_files(drawn_there, pictured_panels(Analysed(study).tables), folder)
    names = sorted([*(f"{name}.{kind}" for name in NAMES for kind in ("json", "png", "svg")), "panels.png"])
    assert sorted(path.name for path in first.iterdir()) == names
    again = list(second.iterdir())
    assert len(of_each_kind) == 3 and len(again) == 3 * 3 + 1  # panels of images beside them
    assert all((first / path.name).read_bytes() == path.read_bytes() for path in again)
    with Image.open(first / "error-scores.png") as image:
        assert image.width > 1_000
    drawn = ElementTree.parse(first / "error-scores.svg").getroot()  # our own
    said = {each.attrib.get("aria-label", "") for each in drawn.iter()}
    assert any("p07: .47" in words for words in said)
    assert not [each for each in drawn.iter() if "style" in each.attrib]


def test_a_page_has_each_width(base_model: BaseModel) -> None:
    study = two_tasks(base_model)
    tell(study, scripted_phrases())
    shown = drawn_for_pages(
        [figure for figure in figures_of(study) if figure.key in ("annotation-time", "error-scores")]
    )
    assert list(shown["annotation-time"].layouts) == ["wide", "narrow"]
    for each in shown["error-scores"].layouts.values():
        assert json.loads(each.vega)["$schema"].startswith("https://vega.github.io/schema/vega/") and "<svg" in each.svg
        assert f'fill="{PAPER}"' not in each.svg, "the page is seen through it"
    assert "<svg" in shown["error-scores"].file and shown["error-scores"].pdf.startswith(b"%PDF")


def test_what_is_the_same_is_not_drawn_again(base_model: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    study = two_tasks(base_model)
    tell(study, scripted_phrases())
    first = drawn_for_pages(figures_of(study))
    monkeypatch.setattr(rendering, "specification", None)
    assert drawn_for_pages(figures_of(study)) == first


def test_a_page_has_a_colour_of_its_own_for_each_colour_of_a_figure() -> None:
    style = Path(str(finders.find("annotations/admin/results.css"))).read_text("utf-8")
    for colour in (INK, *PALETTE):
        assert f'.chart [fill="{colour}"]' in style and f'.chart [stroke="{colour}"]' in style
    assert all(f'.chart [stroke="{colour}"]' in style for colour in (RULE, PAPER))


def test_a_study_without_data_has_what_its_base_model_has(draft_study: Study, tmp_path: Path) -> None:
    draw(draft_study, tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        f"worst-group.{kind}" for kind in ("json", "png", "svg")
    ]


def test_whatever_people_type_is_drawn_as_text(base_model: BaseModel, tmp_path: Path) -> None:
    study = two_tasks(base_model)
    typed = ("$x^2$ <b>&\\frac", "_{", "אדום 🟥")
    tell(study, [Tried(1, "ann", text, 0.5 - i / 10, 0.5) for i, text in enumerate(typed)])
    draw(study, tmp_path)
    drawn = ElementTree.parse(tmp_path / "concept-map.svg").getroot()  # our own
    said = " ".join(each.attrib.get("aria-label", "") for each in drawn.iter())
    assert all(text in said for text in typed)
    assert (tmp_path / "panels.png").exists()
