import uuid

import numpy as np

from annotations.models import PhraseState
from annotations.readings.class_images import class_images
from annotations.services import phrases
from modeling.error_score import error_score
from modeling.similarity import similarities
from tests.actors import ENCODER, SQUARE, Visit
from worker.scoring import score_due_phrases


def submit(visit: Visit, text: str):
    return phrases.submit(visit.assignment, client_uuid=uuid.uuid4(), text=text)[0]


def test_a_due_phrase_gets_its_score_with_all_that_pages_need(alice):
    phrase = submit(alice, "red")
    assert score_due_phrases() == 1
    phrase.refresh_from_db()
    score, task = phrase.score, alice.assignment.task
    images, dataset = class_images(task.base_model, SQUARE), task.base_model.dataset
    assert (phrase.state, phrase.attempts) == (PhraseState.SCORED, 1)
    assert score.value > 0.8
    assert score.threshold == np.float32(score.threshold)
    assert score.rendered_text == "an image of a red"
    assert (score.n_correct, score.n_error) == (images.n_correct, images.n_error)
    assert (score.encoder, score.dataset_digest) == (ENCODER, dataset.digest)
    assert -1 <= score.class_name_cosine <= 1
    assert score.encode_ms > 0
    embedding = np.frombuffer(score.text_embedding, "<f4")
    recomputed = similarities(dataset.files.array("similarity")[images.rows], embedding)
    np.testing.assert_array_equal(score.similarity_array, recomputed)
    assert error_score(recomputed, images.is_error).threshold == score.threshold
