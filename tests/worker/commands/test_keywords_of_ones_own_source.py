"""`rank_keywords --from python:MODULE:FACTORY`: somebody's own source is asked, and what it answered is kept."""

import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from types import ModuleType

import pytest

from annotations.models import BaseModel, KeywordRanking
from clarify_errors.arrays.keywords.keyword_sources import Proposal
from clarify_errors.arrays.keywords.stored_captions import FOLDER
from tests.worker.commands.captioned import caption_file, ranked
from tests.worker.commands.conftest import Command


class Own:
    name = "a list of my own"

    def propose(self, right: Sequence[str], wrong: Sequence[str]) -> Proposal:
        return Proposal(["red shapes", "- ", "a dog"], "\n".join(wrong), "red shapes\n- \na dog\n")


def test_it_is_asked_by_the_captions_of_all_images_and_of_one_half(
    command: Command,
    base_model: BaseModel,
    tmp_path: Path,
    sprites_directory: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request.addfinalizer(lambda: rmtree(sprites_directory / FOLDER))
    module = ModuleType("own_source")
    module.make = Own  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_source", module)
    command("import_captions", base_model.dataset.name, caption_file(base_model.dataset, tmp_path))
    ranked(command, base_model, tmp_path / "out", "--class", "square", "--from", "python:own_source:make")
    ranking = KeywordRanking.objects.get()
    assert {row["keyword"] for row in ranking.rows} == {"red shapes", "red", "shapes", "a dog", "dog"}
    (proposal,), (of_half,) = ranking.settings["proposals"], ranking.settings["of_half"]["proposals"]
    assert proposal["answer"] == "red shapes\n- \na dog\n" and "a red square on a" in proposal["prompt"]
    assert set(of_half["prompt"].splitlines()) <= set(proposal["prompt"].splitlines())
    assert len(of_half["prompt"]) < len(proposal["prompt"])
