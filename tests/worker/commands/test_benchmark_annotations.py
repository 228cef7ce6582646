"""What `manage.py benchmark` is told: annotations from the command line, and from the participants of a study."""

import json
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError

from annotations.models import BaseModel, Dataset, Run, Score
from modeling.errors import NothingToSeparate, SliceTooSmall
from tests import actors
from tests.steps import end, submit_and_score
from tests.worker.commands.conftest import Command
from worker.benchmark.annotations import (
    Annotation,
    Asked,
    BadAnnotation,
    best_of_each_class,
    read_annotation,
    score_annotation,
    slices_of,
)
from worker.benchmark.participants import study_annotations
from worker.benchmark.shown_model import stored_model
from worker.retraining import train_due_runs

CLASSES = ["square", "oval"]
TEMPLATE = "an image of a {phrase}"
SENTENCES = {
    "there is no blue": ("an image of a blue", -1),
    "they don't have blue in them": ("an image of a blue", -1),
    "The AI is often wrong on images that have red in them.": ("an image of a red", 1),
}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("square:red", Asked(0, "red", None)),
        ("oval: dark blue ", Asked(1, "dark blue", None)),
        ("1:red", Asked(1, "red", None)),
        ("square:red:0.25", Asked(0, "red", 0.25)),
        ("square:red:-.5", Asked(0, "red", -0.5)),
        ("square:red:0.1", Asked(0, "red", float(np.float32(0.1)))),
        ("square:at 12:30", Asked(0, "at 12", 30.0)),
        ("square:at 12:30:", Asked(0, "at 12:30", None)),
        ("square:a:b", Asked(0, "a:b", None)),
        ("square:red:nan", Asked(0, "red:nan", None)),
    ],
)
def test_an_annotation_is_class_phrase_and_perhaps_a_threshold(text: str, asked: Asked) -> None:
    assert read_annotation(text, CLASSES) == asked


@pytest.mark.parametrize("text", ["red", "square:", ":red", "circle:red", "2:red", "square:?!", "square: :0.2"])
def test_what_is_no_annotation_is_refused(text: str) -> None:
    with pytest.raises(BadAnnotation):
        read_annotation(text, CLASSES)


def annotated(base_model: BaseModel, text: str) -> Annotation:
    dataset = base_model.dataset
    asked = read_annotation(text, dataset.class_names)
    return score_annotation(dataset, stored_model(base_model), asked, TEMPLATE)


def test_a_score_is_the_one_that_a_participant_gets(alice: actors.Visit, base_model: BaseModel) -> None:
    for phrase in submit_and_score(alice, "red", "no blue", "a red oval", *SENTENCES):
        annotation, score = annotated(base_model, f"square:{phrase.text}"), phrase.score
        assert (annotation.score, annotation.threshold, annotation.sign) == (score.value, score.threshold, score.sign)
        assert (annotation.text, annotation.text_digest) == (score.rendered_text, score.text_digest)
        assert (annotation.p_value, annotation.p_method) == (score.p_value, score.p_method)
        assert not annotation.chosen


@pytest.mark.parametrize("phrase", SENTENCES)
def test_a_sentence_is_read_as_a_participants_is(base_model: BaseModel, phrase: str) -> None:
    annotation = annotated(base_model, f"square:{phrase}")
    assert (annotation.phrase, (annotation.text, annotation.sign)) == (phrase, SENTENCES[phrase])
    assert annotation.score > 0.8


def test_a_threshold_that_is_given_is_taken_and_marked(base_model: BaseModel) -> None:
    automatic, given = annotated(base_model, "square:red"), annotated(base_model, "square:red:0.25")
    assert (given.threshold, given.chosen) == (0.25, True)
    assert given.score == automatic.score
    assert given.threshold != automatic.threshold


def test_a_class_without_errors_cannot_be_annotated(base_model: BaseModel) -> None:
    model = stored_model(base_model)
    files = base_model.dataset.files
    perfect = replace(model, predicted=np.asarray(files.labels))
    with pytest.raises(NothingToSeparate):
        score_annotation(base_model.dataset, perfect, Asked(0, "red", None), TEMPLATE)


def test_of_a_class_the_highest_score_wins_and_the_earliest_of_tied_ones(base_model: BaseModel) -> None:
    first, best = annotated(base_model, "square:dark"), annotated(base_model, "square:red")
    tied, other = replace(best, phrase="the same again"), annotated(base_model, "oval:blue")
    assert first.score < best.score
    assert best_of_each_class([other, first, best, tied]) == (best, other)
    assert best_of_each_class([tied, best]) == (tied,)
    assert best_of_each_class([]) == ()


def test_annotations_of_two_classes_make_four_slices(base_model: BaseModel) -> None:
    files = base_model.dataset.files
    rows = np.flatnonzero(files.splits == 0)
    red, blue = annotated(base_model, "square:red"), annotated(base_model, "oval:blue")
    slices = slices_of([red, blue], files, rows, least=5)
    labels = files.labels[rows]
    assert set(slices) == {0, 1, 2, 3}
    assert np.array_equal(slices // 2, labels)
    assert np.array_equal(slices == 1, red.members(files, rows))
    assert np.array_equal(slices == 3, blue.members(files, rows))
    assert set(slices_of([red], files, rows, least=5)) == {0, 1, 2}


def test_slices_that_cannot_be_used_are_refused(base_model: BaseModel) -> None:
    files = base_model.dataset.files
    rows = np.flatnonzero(files.splits == 0)
    with pytest.raises(SliceTooSmall):
        slices_of([annotated(base_model, "square:red:0.99")], files, rows, least=5)
    with pytest.raises(BadAnnotation, match="error score 0"):
        slices_of([annotated(base_model, "square:blue")], files, rows, least=5)


@pytest.fixture
def visited(alice: actors.Visit, bob: actors.Visit) -> tuple[actors.Visit, actors.Visit]:
    """Alice said what is wrong, Bob said it in other words and tried another; both are done."""
    submit_and_score(alice, "dark", "red")
    submit_and_score(bob, "blue", "not blue")
    for visit in (alice, bob):
        end(visit)
    return alice, bob


def test_each_participant_has_the_phrase_with_the_best_score(
    visited: tuple[actors.Visit, actors.Visit], base_model: BaseModel
) -> None:
    said = study_annotations("sprites", base_model.dataset)
    alice, bob = (visit.participant.pseudonym for visit in visited)
    assert said.base_model == base_model
    assert list(said.sets) == sorted([alice, bob])
    assert [annotation.phrase for annotation in said.sets[alice]] == ["red"]
    assert [annotation.phrase for annotation in said.sets[bob]] == ["not blue"]
    values = {score.phrase.text: score.value for score in Score.objects.select_related("phrase")}
    assert said.best[0].score == max(values.values())


def test_tied_phrases_of_a_study_go_to_the_earliest(alice: actors.Visit, base_model: BaseModel) -> None:
    submit_and_score(alice, "red", "RED")
    assert [phrase.score.value for phrase in alice.assignment.phrases.all()] == pytest.approx([0.867, 0.867], abs=0.01)
    assert study_annotations("sprites", base_model.dataset).best[0].phrase == "red"


def test_a_row_over_participants_has_the_runs_figures(
    visited: tuple[actors.Visit, actors.Visit], command: Command, tmp_path: Path
) -> None:
    train_due_runs()
    row, record = _participants_row(command, tmp_path, "slice_balanced")
    expected = {
        visit.participant.pseudonym: Run.objects.get(assignment=visit.assignment, phrase_text=text)
        for visit, text in zip(visited, ("red", "not blue"), strict=True)
    }
    assert row["over"] == "participants"
    reached = {each["name"]: each["metrics"]["worst_group"] for each in row["classifiers"]}
    assert reached == {name: run.worst_group_accuracy for name, run in expected.items()}
    assert row["spread"]["worst_group"]["n"] == 2
    assert row["spread"]["worst_group"]["mean"] == pytest.approx(statistics.fmean(reached.values()))
    assert row["spread"]["worst_group"]["sd"] == pytest.approx(statistics.stdev(reached.values()))
    assert record["shown_model"]["base_model"] == "by colour"
    assert {annotation["participant"] for annotation in record["annotations"]} == set(expected)


def test_a_participant_whose_phrases_explain_nothing_is_named_as_missing(
    alice: actors.Visit, bob: actors.Visit, command: Command, tmp_path: Path
) -> None:
    submit_and_score(alice, "red")
    submit_and_score(bob, "blue")
    row, _ = _participants_row(command, tmp_path, "slice_balanced")
    assert [each["name"] for each in row["classifiers"]] == [alice.participant.pseudonym]
    assert [each["name"] for each in row["refused"]] == [bob.participant.pseudonym]
    assert "error score 0" in row["refused"][0]["reason"]


def test_nobody_who_explained_anything_leaves_a_row_without_figures(
    alice: actors.Visit, command: Command, tmp_path: Path
) -> None:
    submit_and_score(alice, "blue")
    for method in ("slice_balanced", "worst_slice"):
        row, _ = _participants_row(command, tmp_path, method)
        assert row["classifiers"] == []
        assert row["spread"]["worst_group"]["mean"] is None


def test_a_study_must_have_scores_on_the_data_set(
    alice: actors.Visit, base_model: BaseModel, command: Command, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="no scored phrase"):
        command("benchmark", "sprites-like", "--study", "sprites", "--output", tmp_path)
    Dataset.objects.create(
        name="other", version=1, digest="0", directory="other", class_names=CLASSES, attribute_names=[],
        similarity_encoder="x", feature_encoder="x", counts={},
    )  # fmt: skip
    with pytest.raises(CommandError, match="has no task on other v1"):
        command("benchmark", "other", "--study", "sprites", "--output", tmp_path)


def test_of_two_base_models_in_a_study_one_must_be_named(
    base_model: BaseModel, command: Command, tmp_path: Path
) -> None:
    second = actors.store_base_model(base_model.dataset, "second")
    study = actors.create_study(base_model)
    study.tasks.create(base_model=second, position=2, target_class=actors.SQUARE)
    submit_and_score(actors.start_visit(actors.open_study(study), "alice"), "red")
    with pytest.raises(CommandError, match=r"several base models .* \(by colour, second\)"):
        command("benchmark", "sprites-like", "--study", "sprites", "--output", tmp_path)
    assert study_annotations("sprites", base_model.dataset, base_model).base_model == base_model


def _participants_row(command: Command, folder: Path, method: str) -> tuple[dict[str, Any], dict[str, Any]]:
    command("benchmark", "sprites-like", "--study", "sprites", "--methods", method, "--seeds", 1, "--output", folder)
    record = json.loads((folder / "benchmark.json").read_text())
    return next(row for row in record["rows"] if row["over"] == "participants"), record
