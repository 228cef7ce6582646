"""Patterns planted into embeddings: pre-selection finds their classes, keywords name them, a pool mends them."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from annotations.models import BaseModel, KeywordRanking, Score
from annotations.models.arrays import pack_float32
from annotations.pools import gatherings
from annotations.studies.preselection import preselections
from clarify_errors.arrays.common.progress import silent
from tests.support import actors
from tests.support.rows import add_phrase
from tests.worker.pools.conftest import gather, imported, review
from tests.worker.pools.planted_encoder import CLASSES, PATTERNS, load, picture
from worker.datasets.base_models import trained
from worker.datasets.dataset_import import import_folder
from worker.tasks.embed import gather_images

ENCODER = "python:tests.worker.pools.planted_encoder"
HERON, CRANE, STORK, IBIS = range(4)
RAIN, SNOW = range(2)
# In train, rain tells cranes from herons, and snow ibises from storks; of herons in rain and storks in snow, one each.
TRAIN = {(HERON, RAIN): 1, (HERON, None): 59, (CRANE, RAIN): 60, (CRANE, None): 40,
         (STORK, SNOW): 1, (STORK, None): 59, (IBIS, SNOW): 60, (IBIS, None): 40}  # fmt: skip
WORDS = ("wind", "fog", "sand", "rain", "moon", "snow", "reed", "dusk", "mud", "sun", "ice", "grass")

Drawn = list[tuple[Path, int, int | None]]


def draw(folder: Path, wanted: Iterable[tuple[int, int | None]], first: int) -> Drawn:
    folder.mkdir(parents=True)
    drawn = []
    for number, (label, pattern) in enumerate(wanted, first):
        picture(label, pattern, number).save(path := folder / f"{number:05}.png")
        drawn.append((path, label, pattern))
    return drawn


@pytest.fixture
def shown(db: None, tmp_path: Path, settings: Any) -> BaseModel:
    """A base model that was trained on herons of which hardly any stand in rain."""
    settings.DATA_ROOT = tmp_path / "data"
    splits = {"train": TRAIN, "validation": dict.fromkeys(TRAIN, 20), "test": dict.fromkeys(TRAIN, 20)}
    wanted = [(split, each) for split, counts in splits.items() for each, n in counts.items() for _ in range(n)]
    drawn = draw(tmp_path / "source", (each for _, each in wanted), 0)
    with (tmp_path / "source" / "metadata.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("filename", "split", "class", "attribute"))
        for (split, _), (path, label, pattern) in zip(wanted, drawn, strict=True):
            writer.writerow((path.name, split, CLASSES[label], "dry" if pattern is None else PATTERNS[pattern]))
    names: dict[str, Any] = {"class_names": CLASSES, "attribute_names": ("dry", *PATTERNS), "progress": silent}
    dataset, _ = import_folder("birds", "csv", tmp_path / "source", similarity_encoder=ENCODER, **names)
    return trained(dataset, name="erm", l2=1.0)[0]


def ranked(base_model: BaseModel, folder: Path) -> None:
    (folder / "words.txt").write_text("\n".join(WORDS))
    given = ("--base-model", "erm", "--list", str(folder / "words.txt"), "--blind")
    call_command("rank_keywords", base_model.dataset.name, *given, "--output", str(folder / "keywords"))


def phrase(base_model: BaseModel) -> Score:
    """The score of the machine's best keyword of herons, as if somebody had said it."""
    best = KeywordRanking.objects.get(base_model=base_model, target_class=HERON).rows[0]
    visit = actors.start_visit(actors.open_study(actors.create_study(base_model, "birds")), "alice")
    score = add_phrase(visit, best["keyword"], best["error_score"]).score
    text = load().encode_texts([best["text"]])[0]
    Score.objects.filter(pk=score.pk).update(text_embedding=pack_float32(text), threshold=best["threshold"])
    score.refresh_from_db()
    return score


def test_planted_patterns_are_preselected_named_first_gathered_and_mended(shown: BaseModel, tmp_path: Path) -> None:
    ranked(shown, tmp_path)
    [preselection] = preselections(shown)
    first = {each.name: each for each in preselection.classes[:2]}
    assert {name: each.keyword for name, each in first.items()} == {"heron": "rain", "stork": "snow"}
    for each in first.values():
        assert (
            each.null_level is not None
            and each.error_score > each.null_level
            and each.p_value is not None
            and each.p_value < 0.01
        )

    # The pool is as skewed as the training images.
    skewed = [each for each, n in TRAIN.items() for _ in range(2 * n)] + [(HERON, RAIN)] * 20
    order = np.random.default_rng(5).permutation(len(skewed))
    drawn = draw(tmp_path / "pool", [skewed[i] for i in order], 2_000)
    for path, *_ in drawn:
        path.with_suffix(".json").write_text(json.dumps({"license": "CC0-1.0"}))
    truth = {path.name: (label, pattern) for path, label, pattern in drawn}
    pool = imported(tmp_path / "pool", "birds-pool", ENCODER)
    found = gather(phrase(shown), pool, class_by="zero_shot", n_candidates=20, n_random=20)
    assert found.error == "" and pool.dataset is not None
    names = pool.dataset.files.filenames
    candidates = [truth[names[item["row"]]] for item in found.items if item["arm"] == "candidate"]
    assert len(candidates) == 20 and candidates.count((HERON, RAIN)) >= 18

    review(found, lambda item: item["label"] if item["arm"] == "known" else truth[names[item["row"]]][0])
    training = gatherings.request_training(found, by="ada")
    gather_images()
    training.refresh_from_db()
    assert training.error == ""
    gains = {row["name"]: row["minority_gain"][0] for row in training.table if not row["reason"]}
    assert "reweighting" not in gains  # one heron in rain is no slice: without more of them nothing can be retrained
    assert gains["gathered data"] > 0.1 and gains["gathered data"] > gains["random pool images"] + 0.1
