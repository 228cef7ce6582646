"""A data set on which red squares are rare, a study of it with the phrase “red”, and folders of unlabelled drawings."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annotations.models import BaseModel, GatheredTraining, Gathering, Pool, Score, Verdict
from annotations.models.arrays import pack_float32
from annotations.pools import gatherings, image_reviews, pool_requests
from clarify_errors.arrays.common.progress import silent
from tests.support import actors
from tests.support.actors import BLUE, ENCODER, OVAL, RED, SQUARE, Visit, sprite
from tests.support.fake_encoder import FakeEncoder
from tests.support.rows import add_phrase
from worker.datasets.base_models import trained
from worker.datasets.dataset_import import import_folder
from worker.tasks.embed import gather_images

WRONG_COLOUR = {(SQUARE, RED), (OVAL, BLUE)}
POOL = [(SQUARE, BLUE)] * 60 + [(OVAL, RED)] * 60 + [(SQUARE, RED)] * 30 + [(OVAL, BLUE)] * 10


def draw(folder: Path, pictures: list[tuple[int, int]], seed: int, licence: str = "CC0-1.0") -> list[Path]:
    """Drawings of (label, colour) as PNG files, each with a JSON file beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, paths = np.random.default_rng(seed), []
    for i, (label, colour) in enumerate(pictures):
        path = folder / f"{i:04d}.png"
        sprite(label, colour, rng).save(path)
        path.with_suffix(".json").write_text(json.dumps({"url": f"https://example.org/{i}", "license": licence}))
        paths.append(path)
    return paths


@pytest.fixture
def source(tmp_path: Path, settings: Any) -> Path:
    """The folder of the data set, and a DATA_ROOT of this test's own."""
    settings.DATA_ROOT = tmp_path / "data"
    return draw_source(tmp_path / "source")


def draw_source(folder: Path) -> Path:
    """In train 40 blue squares and red ovals, 6 of the others; elsewhere 12 of each."""
    lines, pictures = [], []
    for split, counts in (("train", (40, 6)), ("validation", (12, 12)), ("test", (12, 12))):
        for label, colour in ((SQUARE, BLUE), (SQUARE, RED), (OVAL, BLUE), (OVAL, RED)):
            for _ in range(counts[(label, colour) in WRONG_COLOUR]):
                lines.append((split, actors.CLASSES[label], actors.COLOURS[colour]))
                pictures.append((label, colour))
    paths = draw(folder, pictures, seed=1)
    with (folder / "metadata.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("filename", "split", "class", "attribute"))
        writer.writerows((path.name, *line) for path, line in zip(paths, lines, strict=True))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a pool."""
    draw(tmp_path / "pool", POOL, seed=7)
    return tmp_path / "pool"


@pytest.fixture
def features() -> str | None:
    """The encoder of the features; None for that of the similarities."""
    return None


@pytest.fixture
def shown(db: None, source: Path, features: str | None) -> BaseModel:
    return show(source, features)


def show(source: Path, features: str | None = None) -> BaseModel:
    """A base model that was trained on the data set."""
    names: dict[str, Any] = {"class_names": actors.CLASSES, "attribute_names": actors.COLOURS, "progress": silent}
    dataset, _ = import_folder("shapes", "csv", source, similarity_encoder=ENCODER, feature_encoder=features, **names)
    return trained(dataset, name="erm", l2=1.0)[0]


@pytest.fixture
def red(shown: BaseModel) -> Score:
    return score_red(shown)


def score_red(shown: BaseModel) -> Score:
    """The score of the phrase “red”, above whose threshold red squares lie."""
    visit: Visit = actors.start_visit(actors.open_study(actors.create_study(shown, "shapes")), "alice")
    score = add_phrase(visit, "red", 0.5).score
    files = shown.dataset.files
    squares = files.labels == SQUARE
    text = FakeEncoder().encode_texts(["red"])[0]
    values = files.array("similarity") @ text
    assert files.attributes is not None
    tau = (values[squares & (files.attributes == RED)].min() + values[squares & (files.attributes == BLUE)].max()) / 2
    Score.objects.filter(pk=score.pk).update(text_embedding=pack_float32(text), threshold=float(np.float32(tau)))
    score.refresh_from_db()
    return score


def imported(folder: Path, name: str = "drawings", encoder: str = ENCODER) -> Pool:
    """The pool of a folder, as the command imports it."""
    pool = pool_requests.new_pool(name, folder, encoder, by="ada")
    gather_images()
    pool.refresh_from_db()
    return pool


def gather(score: Score, pool: Pool | None, **settings: Any) -> Gathering:
    """The gathering for a score, once a worker has answered it."""
    study = score.phrase.assignment.session.study
    base_model = score.phrase.assignment.task.base_model
    usual: dict[str, Any] = {"class_by": "none", "duplicate_threshold": 0.9999, "n_random": 10, "n_known": 6}
    assert score.threshold is not None
    asked = gatherings.request(study, base_model, pool, [(score, score.threshold)], by="ada", **{**usual, **settings})
    gather_images()
    asked.refresh_from_db()
    return asked


def review(gathering: Gathering, label_of: Callable[[dict[str, Any]], int | None], by: str = "ada") -> None:
    """Say of each item what `label_of` says."""
    for place, item in enumerate(gathering.items):
        label = label_of(item)
        image_reviews.say(gathering, place, Verdict.DROP if label is None else Verdict.KEEP, label, by=by)


def is_square(path: Path) -> bool:
    """Whether a drawing is of a square, by its corners."""
    pixels = np.asarray(Image.open(path).convert("RGB"), np.float64)
    return bool(np.abs(pixels[3, 3] - pixels[8, 8]).max() < 5)


def truth(gathering: Gathering, folder: Path) -> Any:
    """What an attentive reviewer says."""
    assert gathering.pool is not None and gathering.pool.dataset is not None
    names = gathering.pool.dataset.files.filenames

    def label_of(item: dict[str, Any]) -> int:
        if item["arm"] == "known":
            return int(item["label"])
        return SQUARE if is_square(folder / names[item["row"]]) else OVAL

    return label_of


def train(gathering: Gathering) -> GatheredTraining:
    training = gatherings.request_training(gathering, by="ada")
    gather_images()
    training.refresh_from_db()
    assert training.error == ""
    return training


def watched(monkeypatch: pytest.MonkeyPatch) -> list[set[bytes]]:
    """The images of each batch that is encoded from now on; a batch is filled up with copies."""
    batches: list[set[bytes]] = []
    encode = FakeEncoder.encode_images

    def encode_images(self: FakeEncoder, images: Any) -> Any:
        batches.append({image.tobytes() for image in images})
        return encode(self, images)

    monkeypatch.setattr(FakeEncoder, "encode_images", encode_images)
    return batches
