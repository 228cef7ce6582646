"""`manage.py rank_keywords`: which words of a list name a base model's errors, without any person."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError

from annotations.base.version import CODE_VERSION
from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, KeywordRanking
from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.arrays.phrases.word_forms import vocabulary
from tests.support.actors import CLASSES, ENCODER, OVAL, SQUARE
from tests.support.correcting import say, study_of_both
from tests.support.fake_encoder import load
from tests.worker.commands.captioned import ranked, rows_of
from tests.worker.commands.conftest import Command

WORDS = "# colours\nred, blue\ngreen\nno blue\n"


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "words.txt"
    file.write_text(WORDS)
    return file


def test_the_word_that_names_the_errors_of_a_class_comes_first(
    command: Command, base_model: BaseModel, tmp_path: Path, words: Path
) -> None:
    printed = ranked(command, base_model, tmp_path / "out", "--class", "square", "--list", words, "--blind")
    rows = rows_of(tmp_path / "out")
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    assert {row["class"] for row in rows} == {"square"}
    assert rows[0]["keyword"] == "red" and float(rows[0]["adjusted_p"]) < 0.05
    assert 0 < float(rows[0]["null_level"]) < float(rows[0]["error_score"])
    assert "square: “red”, error score " in printed and "ranked_keywords.csv" in printed


def test_each_number_follows_from_what_is_stored(
    command: Command, base_model: BaseModel, tmp_path: Path, words: Path
) -> None:
    ranked(command, base_model, tmp_path / "out", "--list", words)
    ranking, files = KeywordRanking.objects.filter(base_model=base_model).first(), base_model.dataset.files
    assert ranking is not None
    text = "\n".join([ranking.text_template, "red", "blue", "green", "no blue"])
    assert ranking.list_digest == hashlib.sha256(text.encode()).hexdigest()
    record = ranking.settings
    assert record["encoder"]["spec"] == ENCODER and record["versions"]["clarify"] == CODE_VERSION
    assert (record["split"], record["dataset_digest"]) == ("validation", base_model.dataset.digest)
    for row in rows_of(tmp_path / "out"):
        images = class_images(base_model, CLASSES.index(row["class"]))
        (text_row,) = load().encode_texts([row["text"]])
        cosines = int(row["sign"]) * (files.array("similarity")[images.rows] @ text_row)
        score = error_score(cosines, images.is_error)
        assert float(row["error_score"]) == pytest.approx(score.value)
        assert (int(row["correct_images"]), int(row["wrong_images"])) == (images.n_correct, images.n_error)
        wrong, right = cosines[images.is_error].mean(), cosines[~images.is_error].mean()
        assert float(row["clip_score"]) == pytest.approx(100 * (wrong - right), abs=1e-4)


def test_a_negation_is_its_subject_turned(command: Command, base_model: BaseModel, tmp_path: Path, words: Path) -> None:
    ranked(command, base_model, tmp_path / "out", "--class", "square", "--list", words)
    said = {row["keyword"]: row for row in rows_of(tmp_path / "out")}
    assert (said["no blue"]["text"], said["no blue"]["sign"]) == (said["blue"]["text"], "-1")


def test_a_keyword_scores_what_a_persons_phrase_does(
    command: Command, base_model: BaseModel, tmp_path: Path, words: Path
) -> None:
    (square, _) = say(study_of_both(base_model), "alice", {SQUARE: ["red"], OVAL: ["blue"]})
    ranked(command, base_model, tmp_path / "out", "--class", "square", "--list", words)
    red = next(row for row in rows_of(tmp_path / "out") if row["keyword"] == "red")
    square.refresh_from_db()
    assert float(red["error_score"]) == square.score.value
    assert float(red["threshold"]) == pytest.approx(square.score.threshold, abs=1e-6)


def test_without_a_list_the_vocabulary_is_ranked_on_every_class(
    command: Command, base_model: BaseModel, tmp_path: Path
) -> None:
    printed = ranked(command, base_model, tmp_path / "out", "--permutations", 20)
    rows = rows_of(tmp_path / "out")
    assert {row["class"] for row in rows} == set(CLASSES)
    assert len(rows) == 2 * len(vocabulary())
    assert all(0 < float(row["adjusted_p"]) <= 1 for row in rows)
    best = {row["class"]: -float(row["error_score"]) / float(row["null_level"]) for row in reversed(rows)}
    first = sorted(
        (name for name, share in zip(CLASSES, base_model.validation_accuracies, strict=True) if 0.2 <= share <= 0.8),
        key=lambda name: best[name],
    )
    assert f"Classes to annotate first (accuracy 20% to 80%): {', '.join(first) or 'none'}." in printed


def test_a_ranking_is_stored_once_a_list_and_again_the_same(
    command: Command, base_model: BaseModel, tmp_path: Path, words: Path
) -> None:
    arguments = (command, base_model, tmp_path / "out")
    ranked(*arguments, "--class", "square", "--list", words)
    alone = KeywordRanking.objects.get()
    ranked(*arguments, "--list", words)
    assert KeywordRanking.objects.filter(target_class=SQUARE).get().rows == alone.rows
    ranked(*arguments, "--list", words, "--template", "a photo of a {phrase}")
    assert KeywordRanking.objects.filter(target_class=SQUARE).count() == 2
    assert (alone.n_keywords, alone.list_name, alone.rows[0]["keyword"]) == (4, "words.txt", "red")
    assert np.isclose(alone.rows[0]["error_score"], float(rows_of(tmp_path / "out")[0]["error_score"]))


def test_a_class_without_errors_is_left_out_by_name(
    command: Command, base_model: BaseModel, tmp_path: Path, words: Path
) -> None:
    labels = base_model.dataset.files.labels.astype("<i4").tobytes()
    right = BaseModel.objects.create(
        dataset=base_model.dataset, name="always right", origin="imported", l2=1, predictions=labels,
        validation_accuracies=[1.0, 1.0], test_metrics=base_model.test_metrics,
    )  # fmt: skip
    printed = ranked(command, right, tmp_path / "out", "--list", words)
    assert "square: skipped, there is nothing to separate" in printed
    assert rows_of(tmp_path / "out") == [] and not KeywordRanking.objects.exists()


def test_a_class_without_any_image_is_left_out_by_name(
    command: Command, base_model: BaseModel, tmp_path: Path, words: Path
) -> None:
    predicted = base_model.predicted.copy()
    predicted[base_model.dataset.files.labels == SQUARE] = BaseModel.NO_PREDICTION
    part = BaseModel.objects.create(
        dataset=base_model.dataset, name="ovals", origin="imported", l2=1, test_metrics=base_model.test_metrics,
        validation_accuracies=[None, 0.5], predictions=predicted.astype("<i4").tobytes(),
    )  # fmt: skip
    printed = ranked(command, part, tmp_path / "out", "--list", words)
    assert "square: skipped, there is nothing to separate" in printed
    assert {row["class"] for row in rows_of(tmp_path / "out")} == {"oval"}
    assert "Classes to annotate first" not in printed


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"# nothing\n\n", "has no keywords"),
        (b"red\n?!\n", r"line 2: '\?!' is not a keyword \(only punctuation\)"),
        (b"red\n" + b"a" * 121, "too long"),
        (b"\xff\xfe\x00", "it is not UTF-8"),
    ],
)
def test_a_list_that_is_none_is_refused_by_line(
    command: Command, base_model: BaseModel, tmp_path: Path, content: bytes, why: str
) -> None:
    (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises(CommandError, match=why):
        ranked(command, base_model, tmp_path / "out", "--list", tmp_path / "words.txt")
    assert not KeywordRanking.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--class", "circle"), "has no class 'circle'. Its classes: square, oval."),
        (("--list", "nowhere.txt"), "nowhere.txt cannot be read: No such file or directory."),
        (("--template", "an image"), "must contain {phrase} exactly once"),
        (("--permutations", "0"), "--permutations must be at least 1"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    command: Command, base_model: BaseModel, tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    with pytest.raises(CommandError) as refused:
        ranked(command, base_model, tmp_path / "out", *arguments)
    assert why in str(refused.value)


def test_an_unknown_base_model_is_named_with_those_there_are(command: Command, base_model: BaseModel) -> None:
    with pytest.raises(CommandError, match=f"has no base model other. Known base models: {base_model.name}"):
        command("rank_keywords", base_model.dataset.name, "--base-model", "other")
