"""Accuracy on either side of a phrase's threshold, and the panels, from real arrays."""

import numpy as np
import pytest

from annotations.analysis.observations.person_tasks import Tried
from annotations.analysis.tables.phrase_splits import PANEL_SIZE, Looked
from annotations.models import BaseModel, Dataset, Phrase, Run, Score, Study
from annotations.models.arrays import pack_int32
from annotations.results.stored_images import StoredStudy
from clarify_errors.arrays.datasets.dataset_files import Split
from tests.support.actors import RED, SQUARE
from tests.support.analysis_studies import tell, two_tasks


@pytest.fixture
def red(base_model: BaseModel) -> Phrase:
    """A phrase that is above its threshold for exactly the red images."""
    tell(two_tasks(base_model), [Tried(1, "ann", "red", 0.9, 0.7, 15, 9, 1)])
    files = base_model.dataset.files
    colours, images = files.attributes, files.array("similarity")
    assert colours is not None
    squares = files.labels == SQUARE
    direction = images[squares & (colours == RED)].mean(axis=0) - images[squares & (colours != RED)].mean(axis=0)
    direction = (direction / np.linalg.norm(direction)).astype(np.float32)
    values = images @ direction
    threshold = np.float32((values[squares & (colours == RED)].min() + values[squares & (colours != RED)].max()) / 2)
    assert (values[squares & (colours == RED)] > threshold).all(), "the colours can be told apart"
    rows = files.rows(Split.VALIDATION, SQUARE)
    Score.objects.update(
        text_embedding=direction.astype("<f4").tobytes(),
        threshold=float(threshold),
        similarities=values[rows].astype("<f4").tobytes(),
    )
    right = pack_int32(files.labels[files.rows(Split.TEST)])
    Run.objects.update(test_predictions=right, plain_average_accuracy=1.0)
    return Phrase.objects.get()


def look(phrase: Phrase) -> Looked:
    return StoredStudy(Study.objects.get()).look(1, phrase.pk, 0)


def test_the_minority_is_what_is_above_the_threshold(red: Phrase) -> None:
    parts = {(part.split, part.part): part for part in look(red).parts}
    # The base model goes by colour: of the 12 red squares it gets a quarter right, of the blue ones all.
    assert [parts["test", name].n for name in ("minority", "majority", "class", "all")] == [12, 12, 24, 48]
    assert parts["test", "minority"].before == pytest.approx(0.25)
    assert parts["test", "majority"].before == 1.0
    assert parts["test", "minority"].after == parts["test", "all"].after == 1.0
    assert parts["validation", "minority"].before == pytest.approx(0.25)
    assert parts["validation", "minority"].after is None


def test_without_a_finished_run_there_is_no_after(red: Phrase) -> None:
    Run.objects.update(state="pending")
    assert {part.after for part in look(red).parts} == {None}


def test_a_negation_turns_the_sides(red: Phrase) -> None:
    Score.objects.update(sign=-1)
    parts = {part.part: part for part in look(red).parts if part.split == "validation"}
    score = Score.objects.get()
    above = -score.similarity_array > np.float32(score.threshold or 0)
    assert parts["minority"].n == int(above.sum())


def test_the_panels_show_images_of_either_slice(red: Phrase, base_model: BaseModel) -> None:
    panels = look(red).panels
    files = base_model.dataset.files
    assert files.attributes is not None
    colour = {key.decode(): files.attributes[i] for i, key in enumerate(files.image_keys)}
    for name, is_red in (("hard", True), ("easy", False)):
        of_slice = [panel for panel in panels if panel.slice == name]
        assert len(of_slice) == PANEL_SIZE
        assert all(bool(colour[panel.image_key] == RED) == is_red for panel in of_slice)
    assert [panel.image_key for panel in panels] == [panel.image_key for panel in look(red).panels]


def test_a_data_set_that_is_not_here_is_said_to_be_missing(red: Phrase) -> None:
    Dataset.objects.update(directory="datasets/gone")
    looked = look(red)
    assert not looked.parts
    assert not looked.panels
    assert "gone" in looked.missing


def test_a_phrase_without_a_threshold_has_no_sides(red: Phrase) -> None:
    Score.objects.update(value=0, threshold=None)
    assert look(red).parts == ()
