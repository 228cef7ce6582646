import signal
import socket
import time

import pytest
from django.utils import timezone
from kombu import Connection

from annotations.base import unnamed_files
from annotations.log.replay import LogCheck
from annotations.models import Dataset, Event, PhraseState, Run, RunState, Score, Study
from annotations.queue import worker_wakeup
from annotations.runs.retraining import LEASE
from tests.support.steps import end, submit, submit_and_score
from tests.worker.processes import TIMEOUT_S, celery, scoring_worker, training_worker, wait_until
from worker.research.recomputing.stored_runs import run_differences

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "celery.log"


@pytest.fixture
def environment(subprocess_environment, tmp_path):
    return {**subprocess_environment, "SLOW_ENCODER_GATE": str(tmp_path), "LOG_LEVEL": "INFO"}


def test_a_worker_killed_between_the_claim_and_the_score_loses_nothing(environment, alice, bob, log, tmp_path):
    Dataset.objects.update(similarity_encoder="python:tests.support.slow_encoder")
    with scoring_worker(log, environment) as worker:
        hers, his = submit(alice, "red"), submit(bob, "blue")
        wait_until((tmp_path / "encoding").exists, worker, log)
        worker.kill()
        worker.wait()
    hers.refresh_from_db()
    assert (hers.state, hers.attempts) == (PhraseState.PENDING, 1)
    assert not Score.objects.exists()

    (tmp_path / "open").touch()
    with scoring_worker(log, environment) as worker:
        for _ in range(3):  # a message too many does no harm
            worker_wakeup.taken_up(worker_wakeup.SCORE_PHRASES)  # otherwise one would be enough
            worker_wakeup.dispatch_on_commit(worker_wakeup.SCORE_PHRASES)
        wait_until(lambda: Score.objects.count() == 2, worker, log)
    for phrase in (hers, his):
        phrase.refresh_from_db()
        assert phrase.state == PhraseState.SCORED
    assert hers.score.value > 0.8
    assert Score.objects.count() == 2


def test_a_worker_that_is_told_to_quit_finishes_the_batch_in_hand(environment, alice, log, tmp_path):
    Dataset.objects.update(similarity_encoder="python:tests.support.slow_encoder")
    with scoring_worker(log, environment) as worker:
        phrase = submit(alice, "red")
        wait_until((tmp_path / "encoding").exists, worker, log)
        worker.send_signal(signal.SIGQUIT)
        (tmp_path / "open").touch()
        assert worker.wait(TIMEOUT_S) == 0, log.read_text()[-4000:]
    phrase.refresh_from_db()
    assert (phrase.state, phrase.attempts, phrase.last_error) == (PhraseState.SCORED, 1, "")


def rows():
    """All runs, but for who tries them, and all events."""
    untried = {"attempts": None, "leased_until": None}
    return [run | untried for run in Run.objects.order_by("pk").values()], list(Event.objects.values())


def test_a_worker_killed_in_the_middle_of_a_training_batch_loses_and_repeats_nothing(
    environment, base_model, alice, bob, log, tmp_path, own_store
):
    environment |= {"STORING_GATE": str(tmp_path), "DATA_STORE": str(own_store.root)}
    for visit, texts in ((alice, ("red", "red oval", "blue")), (bob, ("red", "no blue"))):
        submit_and_score(visit, *texts)
        end(visit)
    due, before = Run.objects.filter(state=RunState.PENDING), rows()
    assert due.count() == 4  # "blue" was refused when it was planned
    with training_worker(log, environment, loads=("tests.worker.runs.stops_while_storing",)) as worker:
        wait_until((tmp_path / "storing").exists, worker, log)  # the end of a visit dispatches a task
        worker.kill()
        worker.wait()
    assert rows() == before
    assert unnamed_files.named() < set(own_store.put_before(time.time()))  # files that no row names, but none lacks
    assert set(due.values_list("attempts", flat=True)) == {1}
    now = timezone.now()
    assert all(now < run.leased_until <= now + LEASE for run in due)
    due.update(leased_until=now)  # as it is once the lease has passed

    log.write_text("")
    with training_worker(log, environment) as worker:
        for _ in range(3):  # messages too many do no harm
            worker_wakeup.taken_up(worker_wakeup.TRAIN_RUNS)
            worker_wakeup.dispatch_on_commit(worker_wakeup.TRAIN_RUNS)
        wait_until(lambda: log.read_text().count("succeeded") >= 3, worker, log)
    done = list(Run.objects.filter(state=RunState.DONE))
    assert [run.attempts for run in done] == [2] * 4
    assert Event.objects.filter(kind="run_done").count() == 4
    unnamed_files.remove(timezone.now() + 2 * unnamed_files.GRACE)
    assert unnamed_files.named() == set(own_store.put_before(time.time()))
    assert not any(run_differences(base_model, done))
    assert list(LogCheck(Study.objects.get()).differences()) == []


def test_a_phrase_submitted_while_the_broker_was_down_is_scored_by_the_sweeper(
    environment, alice, log, tmp_path, monkeypatch
):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        down = Connection(f"redis://127.0.0.1:{taken.getsockname()[1]}/0", transport_options={"max_retries": 0})
        monkeypatch.setattr(worker_wakeup, "connection", lambda: down)
        phrase = submit(alice, "red")
    assert phrase.state == PhraseState.PENDING
    assert worker_wakeup.broker_circuit.is_open()
    schedule = str(tmp_path / "schedule")
    with scoring_worker(log, environment) as worker, celery(log, environment, "beat", "-s", schedule, "--pidfile="):
        wait_until(Score.objects.exists, worker, log)
    phrase.refresh_from_db()
    assert phrase.state == PhraseState.SCORED
