"""The figures of a release: drawn of whatever a study has. That they are the same bytes each time: test_drawing.py."""

from pathlib import Path

import pytest
from PIL import Image

from annotations.analysis.people import Tried
from annotations.models import BaseModel, Study
from tests.annotations.analysis.scripted import scripted_phrases
from tests.annotations.analysis.studies import tell, two_tasks
from tests.worker.drawn import pictures
from worker.figures import draw_all

OF_THE_SCRIPTED = (
    "annotation-time",
    "best-score-over-people",
    "concept-map",
    "concepts-together",
    "error-scores",
    "new-concepts",
    "panels",
    "splits",
)


@pytest.fixture
def scripted(base_model: BaseModel) -> Study:
    study = two_tasks(base_model)
    tell(study, scripted_phrases())
    return study


def test_every_figure_is_drawn_as_svg_and_png(scripted: Study, tmp_path: Path) -> None:
    written = draw_all(pictures(scripted), tmp_path)
    names = [f"{name}.{kind}" for name in (*OF_THE_SCRIPTED, "table-3", "worst-group") for kind in ("png", "svg")]
    assert [path.name for path in written] == names
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    with Image.open(tmp_path / "error-scores.png") as image:
        assert image.width > 1_000


def test_a_study_without_data_has_what_its_base_model_has(draft_study: Study, tmp_path: Path) -> None:
    assert [path.stem for path in draw_all(pictures(draft_study), tmp_path)] == ["worst-group", "worst-group"]


def test_whatever_people_type_is_drawn_as_text(base_model: BaseModel, tmp_path: Path) -> None:
    study = two_tasks(base_model)
    tell(study, [Tried(1, "ann", "$x^2$ <b>&\\frac", 0.5, 0.5), Tried(1, "ann", "_{", 0.2, 0.4)])
    assert {path.stem for path in draw_all(pictures(study), tmp_path)} >= {"table-3", "panels"}
