"""What `manage.py benchmark` is told: annotations from the command line, and from the participants of a study."""

from dataclasses import replace

import numpy as np
import pytest

from annotations.models import BaseModel
from annotations.models.arrays import pack_int32
from tests.support import actors
from tests.support.steps import submit_and_score
from worker.benchmarks.method_inputs import ANNOTATIONS, Bench, NoUsableAnnotation
from worker.benchmarks.scored_annotations import (
    AnnotationSource,
    Asked,
    BadAnnotation,
    ScoredAnnotation,
    best_of_each_class,
    cut_classes,
    read_annotation,
    score_annotation,
)
from worker.datasets.head_training import membership_of

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


def annotated(base_model: BaseModel, text: str) -> ScoredAnnotation:
    return score_annotation(base_model, read_annotation(text, base_model.dataset.class_names), TEMPLATE)


def test_a_score_is_the_one_that_a_participant_gets(alice: actors.Visit, base_model: BaseModel) -> None:
    for phrase in submit_and_score(alice, "red", "no blue", "a red oval", *SENTENCES):
        annotation, score = annotated(base_model, f"square:{phrase.text}"), phrase.score
        measured = annotation.measured
        assert (measured.value, annotation.threshold, annotation.sign) == (score.value, score.threshold, score.sign)
        assert (annotation.text, annotation.text_digest) == (score.rendered_text, score.text_digest)
        assert (measured.p_value, measured.p_method) == (score.p_value, score.p_method)
        assert not annotation.chosen


@pytest.mark.parametrize("phrase", SENTENCES)
def test_a_sentence_is_read_as_a_participants_is(base_model: BaseModel, phrase: str) -> None:
    annotation = annotated(base_model, f"square:{phrase}")
    assert (annotation.phrase, (annotation.text, annotation.sign)) == (phrase, SENTENCES[phrase])
    assert annotation.measured.value > 0.8


def test_a_threshold_that_is_given_is_taken_and_marked(base_model: BaseModel) -> None:
    automatic, given = annotated(base_model, "square:red"), annotated(base_model, "square:red:0.25")
    assert (given.threshold, given.chosen) == (0.25, True)
    assert given.measured == automatic.measured
    assert given.threshold != automatic.threshold


def test_a_class_without_errors_cannot_be_annotated(base_model: BaseModel) -> None:
    base_model.pk, base_model.name = None, "perfect"
    base_model.predictions = pack_int32(base_model.dataset.files.labels)
    base_model.save()
    with pytest.raises(BadAnnotation, match=r"“red” cannot be scored on class square: .* 0 wrongly"):
        score_annotation(base_model, Asked(0, "red", None), TEMPLATE)


def test_of_a_class_the_highest_score_wins_and_the_earliest_of_tied_ones(base_model: BaseModel) -> None:
    first, best = annotated(base_model, "square:dark"), annotated(base_model, "square:red")
    tied, other = replace(best, phrase="the same again"), annotated(base_model, "oval:blue")
    assert first.measured.value < best.measured.value
    assert best_of_each_class([other, first, best, tied]) == (best, other)
    assert best_of_each_class([tied, best]) == (tied,)
    assert best_of_each_class([]) == ()


def membership(base_model: BaseModel, *annotations: ScoredAnnotation) -> np.ndarray:
    cuts, without = cut_classes(base_model.dataset, annotations, least=5)
    assert without == []
    return membership_of(base_model.dataset, [each.slices for each in cuts], least=5)


def test_annotations_of_two_classes_make_four_slices(base_model: BaseModel) -> None:
    files = base_model.dataset.files
    rows = np.flatnonzero(files.splits == 0)
    red, blue = annotated(base_model, "square:red"), annotated(base_model, "oval:blue")
    slices = membership(base_model, red, blue)
    labels = files.labels[rows]
    assert set(slices) == {0, 1, 2, 3}
    assert np.array_equal(slices // 2, labels)
    assert np.array_equal(slices == 1, red.members(files, rows))
    assert np.array_equal(slices == 3, blue.members(files, rows))
    assert set(membership(base_model, red)) == {-1, 0, 1}


UNUSABLE = {"oval:blue:0.99": "its slices have 0 and 50 train images", "oval:red": "error score is 0"}


@pytest.mark.parametrize("text", UNUSABLE)
def test_an_annotation_that_makes_no_slices_is_left_out_of_its_set(base_model: BaseModel, text: str) -> None:
    red, unusable = annotated(base_model, "square:red"), annotated(base_model, text)
    (cut,), ((left_out, reason),) = cut_classes(base_model.dataset, [red, unusable], least=5)
    assert cut.said is red and left_out is unusable
    assert UNUSABLE[text] in reason


@pytest.mark.parametrize("text", UNUSABLE)
def test_a_set_without_a_usable_annotation_is_refused(base_model: BaseModel, text: str) -> None:
    bench, annotation = Bench(base_model.dataset, l2=1.0), annotated(base_model, text)
    with pytest.raises(NoUsableAnnotation, match=f"“{annotation.phrase}”: .*{UNUSABLE[text]}"):
        ANNOTATIONS.jobs(bench, AnnotationSource("#1", {"": (annotation,)}))
