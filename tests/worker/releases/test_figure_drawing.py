"""The figures of a release: drawn of whatever a study has. Every one of them, as SVG and PNG: test_drawing.py."""

from pathlib import Path

from annotations.analysis.observations.person_tasks import Tried
from annotations.models import BaseModel, Study
from tests.annotations.analysis.studies import tell, two_tasks
from tests.worker.releases.drawn import pictures
from worker.releases.figure_drawing import draw_all


def test_a_study_without_data_has_what_its_base_model_has(draft_study: Study, tmp_path: Path) -> None:
    assert [path.stem for path in draw_all(pictures(draft_study), tmp_path)] == ["worst-group", "worst-group"]


def test_whatever_people_type_is_drawn_as_text(base_model: BaseModel, tmp_path: Path) -> None:
    study = two_tasks(base_model)
    tell(study, [Tried(1, "ann", "$x^2$ <b>&\\frac", 0.5, 0.5), Tried(1, "ann", "_{", 0.2, 0.4)])
    assert {path.stem for path in draw_all(pictures(study), tmp_path)} >= {"table-3", "panels"}
