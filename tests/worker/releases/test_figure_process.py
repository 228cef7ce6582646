"""Figures that are drawn in a process of their own: the same bytes, and what goes wrong there said here."""

from pathlib import Path

import pytest
from PIL import Image

from annotations.models import BaseModel, Study
from tests.annotations.analysis.scripted import scripted_phrases
from tests.annotations.analysis.studies import tell, two_tasks
from tests.worker.releases.drawn import pictures
from worker.queue import worker_heartbeat
from worker.releases.figure_drawing import draw_all
from worker.releases.figure_process import DrawingFailed, draw_apart

NAMES = (
    "annotation-time",
    "best-score-over-people",
    "concept-map",
    "concepts-together",
    "error-scores",
    "new-concepts",
    "panels",
    "splits",
    "table-3",
    "worst-group",
)


@pytest.fixture
def scripted(base_model: BaseModel) -> Study:
    study = two_tasks(base_model)
    tell(study, scripted_phrases())
    return study


def test_every_figure_is_drawn_and_a_process_of_its_own_draws_the_same_bytes(scripted: Study, tmp_path: Path) -> None:
    drawn = pictures(scripted)
    apart, here = tmp_path / "apart", tmp_path / "here"
    for folder in (apart, here):
        folder.mkdir()
    draw_apart(drawn, apart)
    written = draw_all(drawn, here)
    assert [path.name for path in written] == [f"{name}.{kind}" for name in NAMES for kind in ("png", "svg")]
    files = {path.name: path.read_bytes() for path in apart.iterdir()}
    assert files == {path.name: path.read_bytes() for path in here.iterdir()}
    assert sorted(files) == [path.name for path in written]
    with Image.open(here / "error-scores.png") as image:
        assert image.width > 1_000


def test_what_went_wrong_there_is_said_here(draft_study: Study, tmp_path: Path) -> None:
    with pytest.raises(DrawingFailed, match="No such file or directory"):
        draw_apart(pictures(draft_study), tmp_path / "nowhere")


def test_the_heart_beats_while_it_draws(draft_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[None] = []
    monkeypatch.setattr(worker_heartbeat, "BEAT_EVERY_S", 0.05)  # a process takes longer to begin
    monkeypatch.setattr(worker_heartbeat, "touch", lambda: beats.append(None))
    draw_apart(pictures(draft_study), tmp_path)
    assert beats and (tmp_path / "worst-group.svg").exists()


def test_a_process_that_hangs_is_given_up(draft_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_heartbeat, "BEAT_EVERY_S", 0.05)
    monkeypatch.setattr("worker.releases.figure_process.MAX_SECONDS", 0)
    with pytest.raises(DrawingFailed, match="more than 0 s"):
        draw_apart(pictures(draft_study), tmp_path)
