import logging
import time

import numpy as np
import pytest
import torch
from django.db import OperationalError, connection

from annotations.datasets.class_images import class_images
from annotations.models import Dataset, Phrase, PhraseState, Score
from annotations.queue.claims import MAX_ATTEMPTS
from clarify_errors.arrays.common.modeling_errors import BadEmbedding, EncoderUnavailable
from clarify_errors.arrays.datasets.dataset_files import BadDataset, DatasetFiles
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.tensors.encoders import CheckedEncoder
from tests.support.actors import ENCODER, SQUARE
from tests.support.fake_encoder import FakeEncoder
from tests.support.steps import submit, submit_and_score
from worker.common import process_cache, throttled_log
from worker.phrases.scoring import score_batch, score_due_phrases

pytestmark = pytest.mark.usefixtures("stored_alice")


class Encoder(FakeEncoder):
    """Counts its batches, and raises for a text with a word in it."""

    def __init__(self, poison: str = "", error: Exception | None = None) -> None:
        self.batches: list[list[str]] = []
        self.poison, self.error = poison, error or RuntimeError("cannot tokenise")

    def encode_texts(self, texts):
        self.batches.append(list(texts))
        if self.poison and any(self.poison in text for text in texts):
            raise self.error
        return super().encode_texts(texts)


@pytest.fixture
def use(monkeypatch):
    def use(encoder: Encoder) -> Encoder:
        monkeypatch.setattr(process_cache, "text_encoder", lambda dataset: CheckedEncoder(encoder))
        return encoder

    return use


def test_a_due_phrase_gets_its_score_with_all_that_pages_need(alice):
    phrase = submit(alice, "red")
    assert score_due_phrases() == 1
    phrase.refresh_from_db()
    score, task = phrase.score, alice.assignment.task
    images, dataset = class_images(task.base_model, SQUARE), task.base_model.dataset
    assert (phrase.state, phrase.attempts) == (PhraseState.SCORED, 1)
    assert score.value > 0.8
    assert score.threshold == np.float32(score.threshold)
    assert (score.rendered_text, score.text_template) == ("an image of a red", "an image of a {phrase}")
    assert (score.n_correct, score.n_error) == (images.n_correct, images.n_error)
    assert (score.encoder, score.dataset_digest) == (ENCODER, dataset.digest)
    assert score.encode_ms > 0
    embedding = np.frombuffer(score.text_embedding, "<f4")
    of_class = FakeEncoder().encode_texts(["an image of a square"])[0]
    assert score.class_name_cosine == pytest.approx(float(embedding @ of_class), abs=1e-6)
    recomputed = similarities(dataset.files.array("similarity")[images.rows], embedding)
    np.testing.assert_array_equal(score.similarity_array, recomputed)
    again = error_score(recomputed, images.is_error)
    assert (again.value, again.threshold, again.two_sided) == (score.value, score.threshold, score.two_sided)
    assert (again.two_sided_threshold, again.p_value) == (score.two_sided_threshold, score.p_value)
    assert (score.subject, score.sign) == ("red", 1)


def test_a_negation_is_scored_as_its_subject_with_the_sign_turned(alice):
    blue, no_blue = (phrase.score for phrase in submit_and_score(alice, "blue", "no blue"))
    assert (no_blue.subject, no_blue.sign, no_blue.rendered_text) == ("blue", -1, "an image of a blue")
    assert no_blue.similarities == blue.similarities
    assert no_blue.text_digest == blue.text_digest
    assert (blue.value, blue.threshold) == (0, None)
    assert no_blue.value == no_blue.two_sided == blue.two_sided > 0.8
    images = class_images(alice.assignment.task.base_model, SQUARE)
    above = -no_blue.similarity_array > np.float32(no_blue.threshold)
    assert images.is_error[above].mean() - images.is_error[~above].mean() > 0.5


def test_due_phrases_are_encoded_in_one_batch_and_each_text_once(alice, bob, use):
    encoder = use(Encoder())
    for visit in (alice, bob):
        submit(visit, "red")
        submit(visit, f"{visit.external_ids['PROLIFIC_PID']} square")
    assert score_due_phrases() == 4
    assert len(encoder.batches) == 1
    assert len(encoder.batches[0]) == 3


def test_scores_do_not_depend_on_who_else_was_in_the_batch(alice, bob):
    alone = submit_and_score(alice, "red")[0].score
    Score.objects.all().delete()  # else the embedding of the first would be taken
    together = submit_and_score(bob, "blue", "red", "dark oval")[1].score
    assert together.similarities == alone.similarities
    assert together.value == alone.value


def test_a_second_delivery_changes_nothing(alice):
    (phrase,) = submit_and_score(alice, "red")
    scored_at = phrase.score.scored_at
    assert score_due_phrases() == 0
    dataset = alice.assignment.task.base_model.dataset
    assert score_batch(process_cache.text_encoder(dataset), dataset, [phrase.pk]) == []
    assert Score.objects.get().scored_at == scored_at


def test_a_poison_phrase_does_not_take_its_neighbours_and_the_log_has_where_it_choked(alice, use, caplog):
    use(Encoder(poison="poison"))
    texts = ["red", "blue", "a poison pill", "dark", "oval"]
    made = {text: submit(alice, text) for text in texts}
    assert score_due_phrases() == 4
    states = {phrase.text: phrase.state for phrase in Phrase.objects.all()}
    assert states.pop("a poison pill") == PhraseState.PENDING
    assert set(states.values()) == {PhraseState.SCORED}
    made["a poison pill"].refresh_from_db()
    reason = made["a poison pill"].last_error
    assert reason == "An unexpected error occurred (RuntimeError: cannot tokenise)."
    assert caplog.text.count("Traceback (most recent call last)") == 1
    assert "in encode_texts" in caplog.text


def test_a_batch_that_does_not_fit_into_memory_is_halved_until_it_does(alice, use, monkeypatch):
    encoder = use(Encoder())
    encode = encoder.encode_texts

    def encode_two(texts):
        if len(texts) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return encode(texts)

    monkeypatch.setattr(encoder, "encode_texts", encode_two)
    for text in ("red", "blue", "dark", "oval", "square"):
        submit(alice, text)
    assert score_due_phrases() == 5
    assert sorted(map(len, encoder.batches)) == [1, 2, 2]
    assert set(Phrase.objects.values_list("state", "attempts", "last_error")) == {(PhraseState.SCORED, 1, "")}


def test_a_poison_phrase_is_given_up_after_five_drains_and_asked_of_the_encoder_no_more(alice, use):
    encoder = use(Encoder(poison="poison"))
    phrase = submit(alice, "a poison pill")
    for _ in range(7):
        score_due_phrases()
    phrase.refresh_from_db()
    assert (phrase.state, phrase.attempts, len(encoder.batches)) == (PhraseState.FAILED, 5, 5)


def test_an_error_that_the_same_input_always_makes_is_final(alice, use):
    use(Encoder(poison="poison", error=BadEmbedding("the embedding is not finite")))
    phrase = submit(alice, "a poison pill")
    score_due_phrases()
    phrase.refresh_from_db()
    assert (phrase.state, phrase.attempts, phrase.last_error) == (PhraseState.FAILED, 1, "the embedding is not finite")


def test_similarities_that_are_no_numbers_fail_the_phrase_and_say_where(alice, monkeypatch):
    broken = np.full((196, FakeEncoder.dim), np.nan, np.float32)
    monkeypatch.setattr(DatasetFiles, "array", lambda files, name: broken)
    phrase = submit(alice, "red")
    assert score_due_phrases() == 0
    phrase.refresh_from_db()
    assert phrase.state == PhraseState.FAILED
    assert phrase.last_error == "image 0 or the text is not finite, so their similarity is not either"


def test_an_encoder_that_cannot_be_loaded_is_nobodys_attempt(alice, caplog, monkeypatch):
    throttled_log.forget()
    process_cache.failures.clear()
    Dataset.objects.update(similarity_encoder="python:no.such.module")
    phrase = submit(alice, "red")
    with caplog.at_level(logging.ERROR):
        for _ in range(7):
            assert score_due_phrases() == 0
    phrase.refresh_from_db()
    assert (phrase.state, phrase.attempts) == (PhraseState.PENDING, 0)
    assert caplog.text.count("the encoder python:no.such.module cannot be loaded: the module no is not installed:") == 1
    Dataset.objects.update(similarity_encoder=ENCODER)
    assert score_due_phrases() == 1


def test_files_that_are_missing_are_nobodys_attempt(alice, use, monkeypatch):
    def missing(dataset):
        raise BadDataset("the disk is not mounted")

    phrase = submit(alice, "red")
    with monkeypatch.context() as patched:
        patched.setattr(process_cache, "text_encoder", missing)
        assert score_due_phrases() == 0
    phrase.refresh_from_db()
    assert phrase.attempts == 0
    assert score_due_phrases() == 1


def test_trouble_of_the_database_is_no_rows_fault_however_often_it_comes(alice, use):
    broken = Encoder(poison="red", error=OperationalError("the connection is gone"))
    phrase = submit(alice, "red")
    use(broken)
    for _ in range(MAX_ATTEMPTS + 2):
        with pytest.raises(OperationalError):
            score_due_phrases()
    phrase.refresh_from_db()
    assert (phrase.state, phrase.attempts, phrase.last_error) == (PhraseState.PENDING, 0, "")
    broken.poison = ""
    assert score_due_phrases() == 1


def test_a_statement_that_takes_too_long_may_be_the_rows_fault_and_counts(alice, use):
    class Slow(Encoder):
        def encode_texts(self, texts):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 50")
                cursor.execute("SELECT pg_sleep(60)")
            return super().encode_texts(texts)

    use(Slow())
    phrase = submit(alice, "red")
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(OperationalError):
            score_due_phrases()
    assert score_due_phrases() == 0
    phrase.refresh_from_db()
    assert (phrase.state, phrase.attempts) == (PhraseState.FAILED, MAX_ATTEMPTS)


def test_an_encoder_with_other_weights_than_the_images_scores_nothing(alice, monkeypatch):
    dataset = alice.assignment.task.base_model.dataset
    monkeypatch.setattr(process_cache, "weights_digest", lambda spec: "another")
    with pytest.raises(EncoderUnavailable, match="other weights"):
        process_cache.text_encoder(dataset)
    phrase = submit(alice, "red")
    assert score_due_phrases() == 0
    phrase.refresh_from_db()
    assert (phrase.state, phrase.attempts) == (PhraseState.PENDING, 0)


def test_an_encoder_that_failed_to_load_is_not_tried_at_every_sweep(monkeypatch):
    tried = []

    def load(spec):
        tried.append(spec)
        raise EncoderUnavailable("no weights")

    process_cache.failures.clear()
    monkeypatch.setattr(process_cache, "load_encoder", load)
    for _ in range(3):
        with pytest.raises(EncoderUnavailable, match="no weights"):
            process_cache.encoder("bundled:none")
    assert len(tried) == 1
    later = time.monotonic() + process_cache.RETRY_AFTER_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(EncoderUnavailable):
        process_cache.encoder("bundled:none")
    assert len(tried) == 2
