"""The one-off part of retraining is kept with the data set."""

import logging

import numpy as np
import pytest

from clarify_errors.arrays.retraining.slices import uniform_weights
from clarify_errors.tensors.retraining.many_heads import train_heads
from tests.support import actors
from worker.common import process_cache, throttled_log


@pytest.fixture
def dataset(db, tmp_path, settings):
    """A data set in a directory of this test's own."""
    settings.DATA_ROOT = tmp_path
    return actors.store_dataset(actors.write_sprites(tmp_path))


@pytest.fixture
def prepared(monkeypatch):
    """The values of λ for which a start was made."""
    made, prepare_start = [], process_cache.prepare_start

    def counted(features, labels, l2, *rest):
        made.append(l2)
        return prepare_start(features, labels, l2, *rest)

    monkeypatch.setattr(process_cache, "prepare_start", counted)
    return made


def in_a_new_process(dataset, l2=0.01):
    process_cache.warm_start.cache_clear()
    return process_cache.warm_start(dataset, l2)


def test_it_is_made_once_and_read_by_every_process_after(dataset, prepared):
    first, second = in_a_new_process(dataset), in_a_new_process(dataset)
    assert prepared == [0.01]
    np.testing.assert_array_equal(first.reference, second.reference)
    np.testing.assert_array_equal(first.preconditioner.whitening, second.preconditioner.whitening)


def test_within_a_process_it_is_read_once(dataset, prepared):
    assert in_a_new_process(dataset) is process_cache.warm_start(dataset, 0.01)


def test_each_l2_has_its_own(dataset, prepared):
    assert in_a_new_process(dataset, 0.01).l2 == 0.01
    assert in_a_new_process(dataset, 0.1).l2 == 0.1
    assert prepared == [0.01, 0.1]


def test_a_damaged_file_is_said_and_made_again(dataset, prepared, caplog):
    in_a_new_process(dataset)
    (file,) = (dataset.files.directory / process_cache.WARM_STARTS).iterdir()
    file.write_bytes(b"half of it")
    with caplog.at_level(logging.WARNING):
        in_a_new_process(dataset)
    assert "it is computed again" in caplog.text
    in_a_new_process(dataset)
    assert prepared == [0.01, 0.01]


def test_where_it_cannot_be_kept_that_is_said_and_training_goes_on(dataset, prepared, caplog, monkeypatch):
    throttled_log.forget()
    (dataset.files.directory / process_cache.WARM_STARTS).write_text("a file in the way")
    with caplog.at_level(logging.ERROR):
        start = in_a_new_process(dataset)
    assert "cannot be written" in caplog.text
    training = process_cache.training_set(dataset)
    weights = uniform_weights(len(training.labels))[:, None]
    trained = train_heads(training.features, training.labels, weights, 0.01, n_classes=2, start=start)
    assert trained.gap[0] <= 1e-8 * trained.loss[0]
