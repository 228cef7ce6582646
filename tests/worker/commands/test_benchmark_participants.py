"""`manage.py benchmark --study`: what the people of a study said, as far as it counts."""

import json
import statistics
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from annotations.models import (
    Assignment,
    Audience,
    BaseModel,
    Dataset,
    Moderation,
    Phrase,
    Run,
    Score,
    SessionKind,
    Study,
)
from annotations.phrases import assignments
from annotations.releases import moderation
from annotations.visits import withdrawal
from tests.support import actors
from tests.support.steps import end, submit_and_score
from tests.worker.commands.conftest import Command
from worker.research.benchmarks.participant_annotations import NoAnnotations, study_annotations
from worker.runs.run_training import train_due_runs

CLASSES = ["square", "oval"]


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
    assert said.best[0].measured.value == max(values.values())


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
    assert [each["name"] for each in row["missing"]] == [bob.participant.pseudonym]
    assert "error score is 0" in row["missing"][0]["reason"]


@pytest.fixture
def two_classes(base_model: BaseModel) -> actors.Visit:
    """Carol said the same of squares, where it explains everything, and of ovals, where it explains nothing."""
    study = actors.create_study(base_model)
    study.tasks.create(base_model=base_model, position=2, target_class=actors.OVAL)
    visit = actors.start_visit(actors.open_study(study), "carol")
    submit_and_score(visit, "red")
    end(visit)
    second = replace(visit, assignment=assignments.start(visit.session.assignments.get(task__position=2)))
    submit_and_score(second, "red")
    end(second)
    return visit


@pytest.mark.parametrize("method", ["slice_balanced", "worst_slice"])
def test_a_person_with_one_usable_annotation_counts_with_it(
    two_classes: actors.Visit, command: Command, tmp_path: Path, method: str
) -> None:
    row, record = _participants_row(command, tmp_path, method)
    name = two_classes.participant.pseudonym
    assert [each["name"] for each in row["classifiers"]] == [name]
    reason = "its error score is 0, so it has no similarity threshold"
    assert row["missing"] == [{"name": name, "target_class": "oval", "phrase": "red", "reason": reason}]
    assert f"per participant: {name} without “red” on oval, {reason}." in record["printed"]
    best = next(row for row in record["rows"] if "study's best" in row["name"])
    of_all_train = next(each for each in best["classifiers"] if each["name"] == "all train")
    assert of_all_train["metrics"] == row["classifiers"][0]["metrics"]
    assert [each["phrase"] for each in best["missing"]] == ["red"]


def test_a_person_is_one_classifier_as_the_run_of_the_usable_annotation(
    two_classes: actors.Visit, command: Command, tmp_path: Path
) -> None:
    train_due_runs()
    row, _ = _participants_row(command, tmp_path, "slice_balanced")
    run = Run.objects.get(assignment=two_classes.assignment)
    assert row["classifiers"][0]["metrics"]["worst_group"] == run.worst_group_accuracy


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


def withdraw(phrase: Phrase) -> None:
    withdrawal.withdraw(phrase.assignment.session)


def of_a(kind: SessionKind) -> Callable[[Phrase], None]:
    """Let a phrase have been said in a visit of another kind, which is fixed when a visit is made."""

    def change(phrase: Phrase) -> None:
        assignment, session = phrase.assignment, phrase.assignment.session
        session.pk, session.public_id, session.submission_key, session.kind = None, uuid.uuid4(), "another", kind
        session.save(force_insert=True)
        Assignment.objects.filter(pk=assignment.pk).update(session=session)

    return change


def exclude(phrase: Phrase) -> None:
    moderation.moderate(phrase, Moderation.EXCLUDED, by="coordinator", reason="an insult")


LEAVES = {
    "withdrawn": withdraw,
    "preview": of_a(SessionKind.PREVIEW),
    "simulated": of_a(SessionKind.SIMULATED),
    "expert": of_a(SessionKind.EXPERT),
    "excluded": exclude,
}


@pytest.mark.parametrize("leave", LEAVES.values(), ids=LEAVES.keys())
def test_what_does_not_count_is_in_no_row_and_no_file(
    alice: actors.Visit, bob: actors.Visit, command: Command, tmp_path: Path, leave: Callable[[Phrase], None]
) -> None:
    (phrase,) = submit_and_score(alice, "bright red")
    submit_and_score(bob, "red")
    leave(phrase)
    row, record = _participants_row(command, tmp_path, "slice_balanced")
    assert [each["name"] for each in row["classifiers"]] == [bob.participant.pseudonym]
    assert [each["phrase"] for each in record["annotations"]] == ["red"]
    written = "".join(file.read_text() for file in tmp_path.iterdir() if file.suffix != ".npz")
    assert "bright red" not in written
    assert alice.participant.pseudonym not in written


@pytest.mark.parametrize("leave", LEAVES.values(), ids=LEAVES.keys())
def test_a_study_in_which_nothing_counts_is_refused(
    alice: actors.Visit, base_model: BaseModel, leave: Callable[[Phrase], None]
) -> None:
    (phrase,) = submit_and_score(alice, "red")
    leave(phrase)
    with pytest.raises(NoAnnotations, match=r"no scored phrase of a participant on"):
        study_annotations("sprites", base_model.dataset)


def test_a_phrase_that_the_staff_hid_counts_and_its_words_are_nowhere(
    alice: actors.Visit, command: Command, tmp_path: Path
) -> None:
    (phrase,) = submit_and_score(alice, "bright red")
    moderation.moderate(phrase, Moderation.HIDDEN, by="coordinator", reason="a name")
    row, record = _participants_row(command, tmp_path, "slice_balanced")
    assert [each["name"] for each in row["classifiers"]] == [alice.participant.pseudonym]
    (annotation,) = {each["participant"]: each for each in record["annotations"]}.values()
    assert (annotation["phrase"], annotation["rendered_text"]) == ("(hidden)", "(hidden)")
    assert annotation["text_digest"] == phrase.score.text_digest
    assert "bright" not in "".join(file.read_text() for file in tmp_path.iterdir() if file.suffix != ".npz")
    assert "bright" not in record["printed"]


def test_the_people_of_a_study_for_experts_are_experts(
    alice: actors.Visit, bob: actors.Visit, base_model: BaseModel
) -> None:
    (phrase,) = submit_and_score(alice, "red")
    submit_and_score(bob, "dark")
    of_a(SessionKind.EXPERT)(phrase)
    Study.objects.update(audience=Audience.EXPERTS)
    assert list(study_annotations("sprites", base_model.dataset).sets) == [alice.participant.pseudonym]


def _participants_row(command: Command, folder: Path, method: str) -> tuple[dict[str, Any], dict[str, Any]]:
    study = ("--study", "sprites", "--methods", method, "--seeds", 1)
    printed = command("benchmark", "sprites-like", *study, "--output", folder)
    record = {**json.loads((folder / "benchmark.json").read_text()), "printed": printed}
    return next(row for row in record["rows"] if row["over"] == "participants"), record
