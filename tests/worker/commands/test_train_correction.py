"""manage.py train_correction: what an analyst reads, and the sentences of what it refuses."""

import io

import pytest
from django.core.management import CommandError, call_command

from annotations.models import BaseModel, Correction, JobState, Study
from tests.actors import OVAL, SQUARE
from tests.correcting import approve, say, study_of_both


@pytest.fixture
def study(base_model: BaseModel) -> Study:
    study = study_of_both(base_model)
    approve(*say(study, "ann", {SQUARE: ["red", "dark red"], OVAL: ["blue"]}))
    return study


def command(*arguments: str) -> str:
    output = io.StringIO()
    call_command("train_correction", *arguments, stdout=output)
    return output.getvalue()


def test_it_says_what_it_trained_and_what_that_does(study: Study) -> None:
    told = command(study.slug, "--class", "square=Dark Red")
    assert "square: “dark red” (" in told and "oval: “blue” (" in told
    assert "Worst group: Validation" in told and "Without “blue” (oval): Validation: worst group" in told
    correction = Correction.objects.get()
    assert (correction.state, correction.requested_by) == (JobState.DONE, "system")
    assert correction.parts.get(target_class=SQUARE).by_hand


def test_a_class_can_be_left_out(study: Study) -> None:
    assert "oval" not in command(study.slug, "--class", "oval=none").split("Worst group")[0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "There is no study 'nowhere'. Known studies: both."),
        (
            ["both", "--class", "square"],
            "--class must be CLASS=PHRASE, not 'square'. Classes: square, oval.",
        ),
        (["both", "--class", "cat=red"], "Classes: square, oval"),
        (
            ["both", "--class", "square=moss"],
            "“moss” is not an approved phrase of “square”. Approved phrases: “dark red”, “red”.",
        ),
        (
            ["both", "--base-model", "x"],
            "The study shows several base models. Choose one with --base-model: by colour.",
        ),
        (["both", "--second", "x:y"], "There is no base model 'y' on a data set 'x'"),
        (["both", "--second", "sprites-like:by colour"], "Choose another data set"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(study: Study, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        command(*arguments)
    assert sentence in str(refused.value)
    assert not Correction.objects.exists()


def test_a_slice_that_is_too_small_is_told(study: Study, settings) -> None:
    settings.MIN_SLICE_SIZE = 49
    with pytest.raises(CommandError, match="Choose another phrase for this class, or leave the class out"):
        command(study.slug)
