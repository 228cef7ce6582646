"""A run is held by a lease that the steps of its solver renew, and by no transaction."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from annotations.models import Run, RunState
from annotations.queue.claims import MAX_ATTEMPTS
from annotations.runs import retraining as runs
from annotations.runs.retraining import TrainingBatch
from clarify_errors.arrays.common.steps import step_done
from tests.support.steps import end, submit_and_score
from worker.common import throttled_log
from worker.datasets import head_training
from worker.queue import worker_heartbeat
from worker.runs.run_training import train_batch, train_due_runs
from worker.tasks.retrain import train_runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(alice, base_model):
    submit_and_score(alice, "red", "red oval")
    end(alice)
    return TrainingBatch(base_model.dataset, base_model.l2)


@pytest.fixture
def during_training(monkeypatch):
    """Does something in the middle of each solve."""
    train_heads = head_training.train_heads
    acts = []

    def meanwhile(*args, **options):
        for act in acts:
            act()
        return train_heads(*args, **options)

    monkeypatch.setattr(head_training, "train_heads", meanwhile)
    return acts.append


def claim(batch):
    return runs.claim_runs(batch, limit=10)


def let_the_lease_pass():
    Run.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))


def test_runs_that_a_worker_trains_are_no_other_workers_until_the_lease_has_passed(batch):
    taken = claim(batch)
    assert len(taken) == 2
    assert claim(batch) == []
    let_the_lease_pass()
    assert claim(batch) == taken


def test_every_step_of_the_solver_renews_the_lease(batch, during_training, monkeypatch):
    monkeypatch.setattr(worker_heartbeat, "BEAT_EVERY_S", 0)
    found = []

    def train_as_long_as_a_lease():
        let_the_lease_pass()
        step_done()
        found.append(claim(batch))

    during_training(train_as_long_as_a_lease)
    assert train_due_runs() == 2
    assert found == [[]]
    assert set(Run.objects.values_list("state", "attempts", "leased_until")) == {(RunState.DONE, 1, None)}


def test_a_worker_whose_runs_were_claimed_by_another_breaks_off_and_leaves_them_to_it(
    batch, during_training, monkeypatch
):
    monkeypatch.setattr(worker_heartbeat, "BEAT_EVERY_S", 0)

    def stand_still_until_another_claims():
        let_the_lease_pass()
        assert len(claim(batch)) == 2
        step_done()
        raise AssertionError("the step goes on")

    during_training(stand_still_until_another_claims)
    assert train_batch(batch, claim(batch)) == []
    assert set(Run.objects.values_list("state", "attempts")) == {(RunState.PENDING, 2)}
    assert all(run.leased_until > timezone.now() for run in Run.objects.all())


def test_a_data_store_that_cannot_be_written_is_no_runs_fault_however_often(batch, own_store, caplog):
    throttled_log.forget()
    own_store.root.mkdir(exist_ok=True)
    in_the_way = [own_store.root / f"{number:02x}" for number in range(256)]  # files where folders should be
    in_the_way = [path for path in in_the_way if not path.exists()]
    for path in in_the_way:
        path.touch()
    for _ in range(MAX_ATTEMPTS + 2):
        assert train_due_runs() == 0
        assert set(Run.objects.values_list("state", "attempts")) == {(RunState.PENDING, 0)}
        Run.objects.update(leased_until=None)
    assert "due rows wait: " in caplog.text and "cannot be written" in caplog.text
    for path in in_the_way:
        path.unlink()
    assert train_due_runs() == 2


def test_a_worker_whose_runs_were_erased_breaks_off(batch, during_training, monkeypatch):
    monkeypatch.setattr(worker_heartbeat, "BEAT_EVERY_S", 0)

    def erase():
        Run.objects.all().delete()
        step_done()
        raise AssertionError("the step goes on")

    during_training(erase)
    assert train_batch(batch, claim(batch)) == []


def test_a_run_whose_attempt_failed_waits_for_no_lease(batch):
    (run, _) = claim(batch)
    runs.fail_run(run, "no memory", final=False)
    assert run in claim(batch)


def test_the_watchdogs_file_is_touched_by_steps(batch, during_training, monkeypatch, settings, tmp_path):
    monkeypatch.setattr(worker_heartbeat, "BEAT_EVERY_S", 0)
    settings.WORKER_HEARTBEAT = str(tmp_path / "heartbeat")

    def long_solve():
        (tmp_path / "heartbeat").unlink(missing_ok=True)
        step_done()
        assert (tmp_path / "heartbeat").exists()

    during_training(long_solve)
    train_runs()
    assert Run.objects.filter(state=RunState.DONE).count() == 2


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_batch_is_trained(batch, during_training):
    open_ = []
    during_training(lambda: open_.append(connection.in_atomic_block))
    assert train_due_runs() == 2
    assert open_ == [False]
