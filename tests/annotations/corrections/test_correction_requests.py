"""Pooled corrections: which annotations enter, what is refused in a sentence, and who may have the head."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from annotations.base.service_errors import NotPossible
from annotations.corrections import correction_requests as corrections
from annotations.corrections.correction_candidates import candidates, second_sets
from annotations.corrections.correction_files import correction_document
from annotations.corrections.correction_tables import correction_tables
from annotations.models import (
    AnnotationSession,
    AuditRecord,
    BaseModel,
    Correction,
    Dataset,
    Moderation,
    Phrase,
    Review,
    Score,
    Stage,
    Study,
)
from annotations.queue.jobs import claim, fail
from annotations.releases import moderation
from tests.support.actors import OVAL, SQUARE
from tests.support.correcting import approve, say, study_of_both

pytestmark = pytest.mark.usefixtures("stored_base_model")


@pytest.fixture(scope="module")
def stored_study(stored_base_model: BaseModel) -> Study:
    study = study_of_both(stored_base_model)
    say(study, "ann", {SQUARE: ["red", "dark red"], OVAL: ["blue"]})
    say(study, "ben", {SQUARE: ["Red", "blue"], OVAL: ["red"]})
    return study


@pytest.fixture
def study(db: None, stored_study: Study) -> Study:
    return Study.objects.get(pk=stored_study.pk)


@pytest.fixture
def said(study: Study) -> dict[str, Phrase]:
    """By text; nothing approved yet. Of squares “red” has the highest score, and “red” of ben is as good."""
    phrases = Phrase.objects.filter(assignment__session__study=study).order_by("pk")
    return {f"{phrase.text} {phrase.assignment.task.class_name}": phrase for phrase in phrases}


def ask(study: Study, base_model: BaseModel, **given: Any) -> Correction:
    return corrections.request(study, base_model, by="coordinator", **given)


def texts(correction: Correction) -> dict[int, str]:
    return {part.target_class: part.score.phrase.text for part in correction.parts.select_related("score__phrase")}


def trained(correction: Correction) -> Correction:
    """As a worker would have left it."""
    job = claim(Correction)
    assert job == correction
    made = {"effects": {"sets": []}, "head": b"head", "loss": 0.5, "certified_gap": 1e-9, "versions": {"numpy": "2"}}
    corrections.store(job, **made)
    return job


def refusal(study: Study, base_model: BaseModel, **given: Any) -> str:
    with pytest.raises(NotPossible) as refused:
        ask(study, base_model, **given)
    assert not Correction.objects.exists()
    return refused.value.message


def test_the_best_approved_phrase_of_each_class_enters_the_earliest_of_tied_ones(
    study: Study, base_model: BaseModel, said: dict[str, Phrase]
) -> None:
    approve(*said.values())
    correction = ask(study, base_model)
    assert texts(correction) == {SQUARE: "red", OVAL: "blue"}
    for part in correction.parts.all():
        assert part.threshold == part.score.threshold and not part.by_hand
    record = AuditRecord.objects.get(act="correction_requested")
    assert (record.actor, record.study) == ("coordinator", study)
    assert record.detail["phrases"] == {"0": said["red square"].pk, "1": said["blue oval"].pk}


def test_only_what_was_approved_enters(study: Study, base_model: BaseModel, said: dict[str, Phrase]) -> None:
    approve(said["dark red square"])
    moderation.moderate(said["red square"], Moderation.FLAGGED, by="coordinator", reason="a name?")
    assert texts(ask(study, base_model)) == {SQUARE: "dark red"}


def test_nothing_of_somebody_who_withdrew_enters(study: Study, base_model: BaseModel, said: dict[str, Phrase]) -> None:
    approve(*said.values())
    now, hers = timezone.now(), AnnotationSession.objects.filter(pk=said["red square"].assignment.session_id)
    hers.update(stage=Stage.WITHDRAWN, outcome="withdrawn", withdrawn_at=now, ended_at=now)
    assert texts(ask(study, base_model)) == {SQUARE: "Red"}


def test_the_words_of_somebody_who_withdraws_later_are_not_said_until_they_are_erased(
    study: Study, base_model: BaseModel, said: dict[str, Phrase], coordinator_client: Client
) -> None:
    Phrase.objects.filter(pk=said["red square"].pk).update(text="crimson hers")
    approve(*Phrase.objects.filter(pk=said["red square"].pk))
    correction = trained(ask(study, base_model))
    page = f"/admin/annotations/study/{study.pk}/correction/"
    table = f"/api/v1/studies/{study.slug}/tables/correction_annotations/"

    def told() -> list[str]:
        lines = correction_tables(study).annotations.lines()
        of_page = {"correction": correction.pk}
        asked: list[tuple[str, Any]] = [(page, of_page), (page, {**of_page, "file": "json"})]
        asked += [(table, {"format": kind}) for kind in ("json", "csv")]
        answers = [coordinator_client.get(*each).getvalue().decode() for each in asked]
        return [str(list(lines)), json.dumps(correction_document(correction)), *answers]

    assert all("crimson hers" in each for each in told())
    now, hers = timezone.now(), AnnotationSession.objects.filter(pk=said["red square"].assignment.session_id)
    hers.update(stage=Stage.WITHDRAWN, outcome="withdrawn", withdrawn_at=now, ended_at=now)
    assert all("crimson hers" not in each and "(hidden)" in each for each in told())


def test_another_phrase_can_be_chosen_by_hand_or_none(
    study: Study, base_model: BaseModel, said: dict[str, Phrase]
) -> None:
    approve(*said.values())
    correction = ask(study, base_model, by_hand={SQUARE: said["dark red square"].pk, OVAL: None})
    assert texts(correction) == {SQUARE: "dark red"}
    assert correction.parts.get().by_hand
    assert AuditRecord.objects.get(act="correction_requested").detail["by_hand"] == [SQUARE]


def test_phrases_that_are_one_annotation_are_offered_once(
    study: Study, base_model: BaseModel, said: dict[str, Phrase]
) -> None:
    approve(*said.values(), *say(study, "cid", {SQUARE: ["red"], OVAL: ["a blue"]}))
    found = candidates(study, base_model)
    offered = {label: [score.phrase.text for score in scores] for label, scores in found.items()}
    assert offered[SQUARE].count("red") == 1 and "a blue" not in offered[OVAL]
    values = [score.value for score in found[SQUARE]]
    assert values == sorted(values, reverse=True)
    hers = Phrase.objects.get(text="a blue")
    correction = ask(study, base_model, by_hand={OVAL: hers.pk})
    assert texts(correction)[OVAL] == "a blue" and not correction.parts.filter(by_hand=True).exists()


def test_the_best_phrase_named_by_hand_is_not_by_hand(
    study: Study, base_model: BaseModel, said: dict[str, Phrase]
) -> None:
    approve(*said.values())
    assert not ask(study, base_model, by_hand={SQUARE: said["red square"].pk}).parts.filter(by_hand=True).exists()


def test_without_an_approved_phrase_there_is_nothing_to_train(
    study: Study, base_model: BaseModel, said: dict[str, Phrase]
) -> None:
    assert refusal(study, base_model).startswith("No approved phrase has a similarity threshold")


def test_a_phrase_without_a_threshold_cannot_enter(
    study: Study, base_model: BaseModel, said: dict[str, Phrase]
) -> None:
    assert Score.objects.get(phrase=said["blue square"]).threshold is None
    approve(said["blue square"])
    assert refusal(study, base_model).startswith("No approved phrase has a similarity threshold")
    told = refusal(study, base_model, by_hand={SQUARE: said["blue square"].pk})
    assert (
        told == "The chosen phrase of “square” is not approved or has no similarity threshold. Choose another phrase."
    )


@pytest.mark.parametrize("label", [OVAL, 7])
def test_a_phrase_of_another_class_cannot_be_chosen(
    study: Study, base_model: BaseModel, said: dict[str, Phrase], label: int
) -> None:
    approve(*said.values())
    told = refusal(study, base_model, by_hand={label: said["red square"].pk})
    assert told.startswith("The chosen phrase of")


def test_one_correction_of_a_study_is_trained_at_a_time(
    study: Study, base_model: BaseModel, said: dict[str, Phrase]
) -> None:
    approve(*said.values())
    ask(study, base_model)
    with pytest.raises(NotPossible, match="Wait until it is finished"):
        ask(study, base_model)
    fail(claim(Correction), "it did not work")  # type: ignore[arg-type]
    assert ask(study, base_model).pk


def test_a_base_model_that_the_study_does_not_show_is_refused(study: Study, base_model: BaseModel) -> None:
    base_model.pk, base_model.name = None, "another"
    base_model.save()
    assert refusal(study, base_model) == (
        "No task of this study uses another on sprites-like v1. Choose the base model of one of its tasks."
    )


def other(base_model: BaseModel, **changes: Any) -> BaseModel:
    """A base model on a second data set, the same but for some fields."""
    first = Dataset.objects.get(pk=base_model.dataset_id)
    first.pk, first.name, first.digest = None, "second", "c" * 64
    for name, value in changes.items():
        setattr(first, name, value)
    first.save()
    model = BaseModel.objects.get(pk=base_model.pk)
    model.pk, model.dataset = None, first
    model.save()
    return model


def test_a_second_test_set_with_the_same_classes_and_encoders_is_offered(study: Study, base_model: BaseModel) -> None:
    second = other(base_model)
    assert second_sets(base_model) == [second]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"class_names": ["cat", "dog"]},
            "second v1 and sprites-like v1 have different classes: cat, dog, not square, oval.",
        ),
        (
            {"feature_encoder": "x"},
            "The features of second v1 and sprites-like v1 come from different encoders.",
        ),
        ({"similarity_encoder": "x"}, "The similarities of second v1 and"),
        ({"directory": "datasets/gone"}, "gone"),
    ],
)
def test_a_second_test_set_on_which_words_or_features_mean_something_else_is_refused(
    study: Study, base_model: BaseModel, said: dict[str, Phrase], changes: dict[str, Any], sentence: str
) -> None:
    approve(*said.values())
    second = other(base_model, **changes)
    assert second_sets(base_model) == []
    assert sentence in refusal(study, base_model, second=second)


def test_the_data_set_itself_is_no_second_one(study: Study, base_model: BaseModel, said: dict[str, Phrase]) -> None:
    assert "Choose another data set" in refusal(study, base_model, second=base_model)


@pytest.fixture
def done(study: Study, base_model: BaseModel, said: dict[str, Phrase]) -> Correction:
    approve(*said.values())
    return trained(ask(study, base_model))


def test_the_head_is_handed_out_once_the_correction_is_approved(done: Correction) -> None:
    with pytest.raises(NotPossible, match="A coordinator must approve"):
        corrections.take_head(done, by="ana")
    approved = corrections.review(done, Review.APPROVED, by="coordinator", reason=" it helps ")
    assert (approved.review, approved.review_reason, approved.reviewed_by) == ("approved", "it helps", "coordinator")
    assert corrections.take_head(approved, by="ana") == b"head"
    acts = AuditRecord.objects.filter(subject=f"correction {done.pk}").order_by("pk")
    assert [(record.act, record.actor, record.reason) for record in acts][1:] == [
        ("correction_reviewed", "coordinator", "it helps"),
        ("correction_head_taken", "ana", ""),
    ]


def test_the_last_decision_counts(done: Correction) -> None:
    corrections.review(done, Review.APPROVED, by="coordinator", reason="it helps")
    rejected = corrections.review(done, Review.REJECTED, by="carol", reason="a group loses")
    with pytest.raises(NotPossible):
        corrections.take_head(rejected, by="ana")
    assert AuditRecord.objects.filter(act="correction_reviewed").latest("pk").detail == {
        "before": "approved",
        "after": "rejected",
    }


@pytest.mark.parametrize("decision", [Review.APPROVED, Review.REJECTED])
def test_a_decision_needs_a_reason(done: Correction, decision: Review) -> None:
    with pytest.raises(NotPossible, match="Give a reason"):
        corrections.review(done, decision, by="coordinator", reason=" ")


def test_what_is_not_trained_cannot_be_decided_on(study: Study, base_model: BaseModel, said: dict[str, Phrase]) -> None:
    approve(*said.values())
    with pytest.raises(NotPossible, match="not trained yet"):
        corrections.review(ask(study, base_model), Review.APPROVED, by="coordinator", reason="it helps")


def test_a_phrase_that_is_no_longer_approved_takes_the_head_back(done: Correction, said: dict[str, Phrase]) -> None:
    approved = corrections.review(done, Review.APPROVED, by="coordinator", reason="it helps")
    moderation.moderate(said["red square"], Moderation.EXCLUDED, by="coordinator", reason="a name")
    with pytest.raises(NotPossible, match=r"“\(hidden\)” in this correction is no longer approved"):
        corrections.take_head(approved, by="ana")
    with pytest.raises(NotPossible, match=r"“\(hidden\)” in this correction is no longer approved"):
        corrections.review(done, Review.APPROVED, by="coordinator", reason="it helps")


def test_a_correction_that_somebody_withdrew_from_has_no_head(done: Correction) -> None:
    corrections.review(done, Review.APPROVED, by="coordinator", reason="it helps")
    Correction.objects.update(state="failed", error="somebody withdrew", head=None)
    with pytest.raises(NotPossible, match="has no head"):
        corrections.take_head(Correction.objects.get(), by="ana")
