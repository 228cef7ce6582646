import time

import pytest
from celery import Task
from django.db import OperationalError

from annotations.models import Allocation, AssignmentState, Dataset, PhraseState, Run, RunState
from annotations.phrases import assignments
from annotations.queue import worker_wakeup
from clarify_site.celery import app
from tests.support.steps import end, move_clock, submit
from worker.common import process_cache, throttled_log
from worker.phrases.scoring import TURN_S
from worker.tasks import analysis, embed, interactive, maintenance, outside, retrain


def test_the_names_that_services_ring_are_the_tasks():
    named = {
        value for name, value in vars(worker_wakeup).items() if name.isupper() and str(value).startswith("worker.")
    }
    assert named == {name for name in app.tasks if name.startswith("worker.")}
    assert named == app.conf.task_routes.keys() == app.conf.beat_schedule.keys()


@pytest.mark.parametrize("module", [analysis, embed, interactive, maintenance, outside, retrain])
def test_a_module_has_the_tasks_of_the_queue_that_it_is_named_after(module):
    here = {task.name for task in vars(module).values() if isinstance(task, Task)}
    served = {
        name for name, route in app.conf.task_routes.items() if f"worker.tasks.{route['queue']}" == module.__name__
    }
    assert here == served != set()


def test_no_clock_waits_for_an_answer_over_http():
    waits = {worker_wakeup.CALL_PROLIFIC, worker_wakeup.RECONCILE_SUBMISSIONS, worker_wakeup.RUN_REHEARSALS}
    clocks = {
        worker_wakeup.END_OVERDUE_ASSIGNMENTS,
        worker_wakeup.EXPIRE_LEASES,
        worker_wakeup.WATCH_STUDIES,
        worker_wakeup.ERASE_WITHDRAWN,
    }
    served = {name: route["queue"] for name, route in app.conf.task_routes.items()}
    assert waits == {name for name, queue in served.items() if queue == "outside"}
    assert {served[name] for name in clocks} == {"maintenance"}


def test_phrases_wait_behind_no_other_work_than_a_turn_of_a_second():
    served = {name: route["queue"] for name, route in app.conf.task_routes.items()}
    here = {name for name, queue in served.items() if queue == served[worker_wakeup.SCORE_PHRASES]}
    assert here == {worker_wakeup.SCORE_PHRASES, worker_wakeup.SCORE_VOCABULARIES}
    assert TURN_S <= 1


def test_the_tasks_do_the_whole_job_without_an_argument(alice):
    phrase = submit(alice, "red")
    interactive.score_phrases()
    phrase.refresh_from_db()
    assert phrase.state == PhraseState.SCORED
    end(alice)
    retrain.train_runs()
    assert Run.objects.get().state == RunState.DONE


def test_the_clocks_task_ends_what_is_overdue(alice):
    move_clock(alice.assignment, 700)
    maintenance.end_overdue_assignments()
    alice.assignment.refresh_from_db()
    assert alice.assignment.state == AssignmentState.ENDED


def test_the_sweep_gives_up_places_whose_lease_is_over(alice):
    Allocation.objects.update(lease_expires_at=alice.session.created_at)
    maintenance.expire_leases()
    assert Allocation.objects.get().release_reason == "expired"


def test_a_database_that_is_away_ends_a_sweep_quietly(monkeypatch, caplog):
    def away(now):
        raise OperationalError("connection refused")

    monkeypatch.setattr(assignments, "end_overdue", away)
    maintenance.end_overdue_assignments()
    assert "due rows are left to the next sweep" in caplog.text


def test_a_sweep_touches_the_heartbeat(db, settings, tmp_path):
    settings.WORKER_HEARTBEAT = str(tmp_path / "beat")
    maintenance.end_overdue_assignments()
    assert (tmp_path / "beat").exists()


def test_a_sweep_that_failed_leaves_the_heartbeat_alone(monkeypatch, settings, tmp_path):
    def away(now):
        raise OperationalError("connection refused")

    settings.WORKER_HEARTBEAT = str(tmp_path / "beat")
    monkeypatch.setattr(assignments, "end_overdue", away)
    maintenance.end_overdue_assignments()
    assert not (tmp_path / "beat").exists()


def test_a_scoring_worker_loads_the_encoders_of_open_studies_before_its_first_task(open_study, monkeypatch):
    loaded = []
    monkeypatch.setattr(process_cache, "encoder", lambda spec: loaded.append(spec) or process_cache._encoder(spec))
    monkeypatch.setattr("worker.tasks.interactive.connection.close", lambda: None)  # the test's own transaction
    interactive.preload()
    assert loaded == ["python:tests.support.fake_encoder"]


def test_a_worker_starts_without_an_encoder_that_is_missing(open_study, monkeypatch, caplog):
    throttled_log.forget()
    monkeypatch.setattr("worker.tasks.interactive.connection.close", lambda: None)
    Dataset.objects.update(similarity_encoder="python:no.such.module")
    interactive.preload()
    assert "the encoder python:no.such.module cannot be loaded: the module no is not installed:" in caplog.text


def test_a_worker_starts_while_the_database_is_away(monkeypatch, caplog):
    def away():
        raise OperationalError("connection refused")

    monkeypatch.setattr(process_cache, "preload", away)
    monkeypatch.setattr("worker.tasks.interactive.connection.close", lambda: None)
    interactive.preload()
    assert "encoders will load with the first phrase" in caplog.text


def test_a_complaint_is_logged_once_a_minute(monkeypatch, caplog):
    throttled_log.forget()
    throttled_log.log_error_throttled("no weights")
    throttled_log.log_error_throttled("no weights")
    assert caplog.text.count("no weights") == 1
    later = time.monotonic() + throttled_log.EVERY_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    throttled_log.log_error_throttled("no weights")
    assert caplog.text.count("no weights") == 2
