"""The actors are what the other tests take them for."""

import numpy as np
import pytest
from django.test import Client

from annotations.datasets.class_images import class_images
from annotations.models import AssignmentState, BaseModel, Stage, Study
from clarify_errors.arrays.datasets.dataset_files import Split, verify
from clarify_errors.arrays.phrases.error_score import error_score
from tests.support import actors
from tests.support.fake_encoder import FakeEncoder


def test_the_data_set_on_disk_is_whole(base_model: BaseModel) -> None:
    verify(base_model.dataset.files.directory)
    assert [len(base_model.dataset.files.rows(split)) for split in Split] == [100, 48, 48]


def test_the_base_model_errs_on_red_squares_alone(base_model: BaseModel) -> None:
    images = class_images(base_model, actors.SQUARE)
    colours = base_model.dataset.files.attributes
    assert colours is not None
    assert (images.n_correct, images.n_error) == (15, 9)
    assert set(colours[images.rows[images.is_error]]) == {actors.RED}


@pytest.mark.parametrize(("phrase", "least", "most"), [("red", 0.6, 1), ("blue", 0, 0), ("zebra", 0, 0.6)])
def test_the_fake_encoder_scores_phrases_as_an_encoder_would(
    base_model: BaseModel, phrase: str, least: float, most: float
) -> None:
    images = class_images(base_model, actors.SQUARE)
    embedding = FakeEncoder().encode_texts([f"an image of a {phrase}"])[0]
    similarities = base_model.dataset.files.array("similarity")[images.rows] @ embedding
    assert least <= error_score(similarities, images.is_error).value <= most


def test_the_fake_encoder_gives_unit_rows_that_no_batch_changes() -> None:
    encoder = FakeEncoder()
    texts = ["a red square", "", "dark ovals", "🦓"]
    together = encoder.encode_texts(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert np.array_equal(together, np.concatenate([encoder.encode_texts([text]) for text in texts]))


def test_alice_and_bob_are_two_people_in_the_middle_of_the_same_task(
    alice: actors.Visit, bob: actors.Visit, open_study: Study
) -> None:
    assert alice.session != bob.session
    for visit in (alice, bob):
        assert visit.session.study == open_study
        assert visit.session.stage == Stage.TASKS
        assert visit.assignment.state == AssignmentState.ACTIVE
        assert visit.client.session["annotation_session"] == visit.session.pk


def test_the_coordinator_gets_into_the_admin(coordinator_client: Client) -> None:
    assert coordinator_client.get("/admin/").status_code == 200
